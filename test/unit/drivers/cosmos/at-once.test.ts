import { expect, test } from 'vitest';

import { atOnce } from '../../../../src/drivers/cosmos/at-once.js';

test('results are in the order of the items, however long each takes', async () => {
  const results = await atOnce([3, 1, 2], 2, async (item) => {
    for (let turn = 0; turn < item; turn += 1) await Promise.resolve();
    return item * 10;
  });
  expect(results).toEqual([30, 10, 20]);
});

test('after a failure none is begun, and those under way are through when it is thrown', async () => {
  const begun: number[] = [];
  let ended = 0;
  const run = atOnce([0, 1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    await Promise.resolve();
    if (item === 0) throw new Error('no');
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    ended += 1;
  });
  await expect(run).rejects.toThrow('no');
  expect([begun, ended]).toEqual([[0, 1], 1]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toEqual([0, 1]);
});
