import { expect, test } from 'vitest';

import { administrationEndingWith, clockEndingWith, closingSignal } from '../../../../src/drivers/service-bus/ending-with.js';
import type { QueueAdministration } from '../../../../src/drivers/service-bus/queue-administration.js';
import { FakeClock } from '../../../support/fake-clock.js';

const NEVER = new AbortController().signal;

/** Asked for its queues it says nothing until it is told to end. */
function silent(asked: AbortSignal[]): QueueAdministration {
  const ask = ({ signal }: { signal: AbortSignal }): Promise<never> => {
    asked.push(signal);
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('cut off'))));
  };
  return { source: 's', list: ask, get: (_name, options) => ask(options), create: (_name, _settings, options) => ask(options), update: (_name, _settings, options) => ask(options), namespace: ask };
}

test('pauses end when the connection is closed, and later ones at once', async () => {
  const closing = closingSignal();
  const clock = clockEndingWith(new FakeClock(), closing.signal);
  const pauses = [clock.sleep(10_000), clock.sleep(10_000, NEVER)];
  closing.abort();
  await Promise.all([...pauses, clock.sleep(10_000)]);
});

test('a pause ends with its own signal and with its time too', async () => {
  const time = new FakeClock();
  const clock = clockEndingWith(time, closingSignal().signal);
  const own = new AbortController();
  const ended: string[] = [];
  const pauses = [clock.sleep(1_000).then(() => ended.push('time')), clock.sleep(5_000, own.signal).then(() => ended.push('signal'))];
  await time.advance(1_000);
  own.abort();
  await Promise.all(pauses);
  expect(ended).toEqual(['time', 'signal']);
});

test('a request for administration is cut off when the connection is closed, and none begins after it', async () => {
  const closing = closingSignal();
  const asked: AbortSignal[] = [];
  const administration = administrationEndingWith(silent(asked), closing.signal);
  const listed = administration.list({ signal: NEVER }).catch((error: Error) => error.message);
  const own = new AbortController();
  const got = administration.get('q', { signal: own.signal }).catch((error: Error) => error.message);
  own.abort();
  expect(await got).toBe('cut off');
  closing.abort();
  expect(await listed).toBe('cut off');
  await expect(administration.namespace({ signal: NEVER })).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
  expect(asked).toHaveLength(2);
});
