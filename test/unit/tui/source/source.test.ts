// The live source on a real store: how often it looks while what it finds is not on the screen.

import { expect, onTestFinished, test } from 'vitest';
import { Source } from '../../../../src/tui/source/source.js';
import { openHome } from '../../../cli/dlq-home.js';
import { openTestDashboard } from '../../../support/tui-dashboard.js';
import { modelAt, press } from '../../../support/tui-model.js';
import { until } from '../../../support/turns.js';

test('rows that arrive out of sight are looked for more seldom, and with a key at once', async () => {
  const home = await openHome();
  const { ports } = (await openTestDashboard(home.dataDir)).profile;
  const list = ports.store.list.bind(ports.store);
  let looks = 0;
  const store = Object.assign(Object.create(ports.store) as typeof ports.store, {
    list: (...asked: Parameters<typeof list>) => {
      looks += 1;
      return list(...asked);
    },
  });
  // Nothing that it tells changes the screen.
  const source = new Source({ ...ports, store }, () => false);
  onTestFinished(() => source.close());
  const { model: jobs } = press(modelAt(100, 30), '2');
  const model = { ...jobs, pace: { ...jobs.pace, lastKeyAt: ports.clock.now() } };
  source.follow(model);
  const looksAt = async (arrivals: number): Promise<{ count: number; seconds: number }> => {
    const [from, began] = [looks, ports.clock.monotonic()];
    for (let arrival = 0; arrival < arrivals; arrival += 1) {
      await home.run('submit echo --payload {}');
      await ports.clock.sleep(300);
    }
    return { count: looks - from, seconds: (ports.clock.monotonic() - began) / 1000 };
  };
  const first = await looksAt(4);
  await looksAt(6);
  const late = await looksAt(4);
  expect(first.count).toBeGreaterThanOrEqual(3);
  // Every two seconds in the end, however long the machine takes for an arrival.
  expect(late.count).toBeLessThanOrEqual(late.seconds / 2 + 1);
  const before = looks;
  source.follow(press(model, 'j').model);
  await until(() => looks > before, 'a look after the key');
});
