import { describe, expect, test } from 'vitest';

import { AppError } from '../../../../src/domain/errors.js';
import { withinTime } from '../../../../src/drivers/azure-access/within-time.js';
import { type RetryOptions, withRetry } from '../../../../src/drivers/service-bus/with-retry.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { Deferred, turns } from '../../../support/turns.js';

const DOWN = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const WRONG_KEY = Object.assign(new Error('no'), { name: 'ServiceBusError', code: 'UnauthorizedAccess', retryable: true });
const BUSY = Object.assign(new Error('Please wait 4 seconds and try again.'), { name: 'ServiceBusError', code: 'ServiceBusy' });

function options(clock: FakeClock, more: Partial<RetryOptions> = {}): RetryOptions {
  return { clock, random: () => 0.999, operation: 'send', queue: 'jobs', budgetMs: 10_000, ...more };
}

/** Fails with these, then answers `done`. */
function failing(...errors: Error[]): { work: () => Promise<string>; calls: () => number } {
  let calls = 0;
  const work = async (): Promise<string> => {
    const error = errors[calls++];
    if (error !== undefined) throw error;
    return 'done';
  };
  return { work, calls: () => calls };
}

describe('a retried call', () => {
  test('is made again while that can help, with pauses that double', async () => {
    const clock = new FakeClock();
    const { work } = failing(DOWN, DOWN, DOWN);
    const pauses: number[] = [];
    const result = withRetry(work, options(clock, { baseMs: 100, onRetry: (_error, waitMs) => pauses.push(Math.round(waitMs)) }));
    await clock.advance(10_000);
    expect(await result).toBe('done');
    expect(pauses).toEqual([99, 199, 399]);
  });

  test.each([
    ['a wrong key', WRONG_KEY, 'SB_UNAUTHORIZED'],
    ['an error of ours', new AppError('QUEUE_UNKNOWN', 'no queue'), 'QUEUE_UNKNOWN'],
  ])('is not made again after %s', async (_what, error, code) => {
    const { work, calls } = failing(error, error);
    await expect(withRetry(work, options(new FakeClock()))).rejects.toMatchObject({ code });
    expect(calls()).toBe(1);
  });

  test('waits as long as the service asks', async () => {
    const clock = new FakeClock();
    const { work, calls } = failing(BUSY);
    const result = withRetry(work, options(clock));
    await clock.advance(3_999);
    expect(calls()).toBe(1);
    await clock.advance(1);
    expect(await result).toBe('done');
  });

  test('ends with the last failure when the next pause would go over its time', async () => {
    const clock = new FakeClock();
    const { work, calls } = failing(BUSY, BUSY, BUSY, BUSY, BUSY);
    const result = withRetry(work, options(clock, { budgetMs: 9_000 })).catch((error: unknown) => error);
    await clock.advance(8_000);
    expect(await result).toMatchObject({ code: 'SB_THROTTLED', message: expect.stringContaining('queue jobs') });
    expect(calls()).toBe(3);
    expect(clock.monotonic()).toBe(8_000);
  });

  test('is made once without a budget', async () => {
    const { work, calls } = failing(DOWN, DOWN);
    await expect(withRetry(work, options(new FakeClock(), { budgetMs: 0 }))).rejects.toMatchObject({ code: 'SB_UNREACHABLE' });
    expect(calls()).toBe(1);
  });

  test('ends at once when it is called off in a pause', async () => {
    const stop = new AbortController();
    const { work, calls } = failing(DOWN, DOWN);
    const result = withRetry(work, options(new FakeClock(), { signal: stop.signal })).catch((error: unknown) => error);
    await turns();
    stop.abort();
    expect(await result).toMatchObject({ code: 'SB_UNREACHABLE' });
    expect(calls()).toBe(1);
  });
});

describe('a limit of time', () => {
  test('hands on the answer and the failure of what is in time', async () => {
    const clock = new FakeClock();
    expect(await withinTime({ clock, limitMs: 100, operation: 'look' }, async () => 'here')).toBe('here');
    await expect(withinTime({ clock, limitMs: 100, operation: 'look' }, () => Promise.reject(DOWN))).rejects.toBe(DOWN);
  });

  test('ends what hangs, tells it so, and swallows what comes of it later', async () => {
    const clock = new FakeClock();
    const hangs = new Deferred<string>();
    let told = false;
    const late: string[] = [];
    const result = withinTime(
      { clock, limitMs: 3_000, operation: 'reach the broker' },
      (signal) => {
        signal.addEventListener('abort', () => (told = true));
        return hangs.promise;
      },
      (value) => late.push(value),
    ).catch((error: unknown) => error);
    await clock.advance(2_999);
    expect(told).toBe(false);
    await clock.advance(1);
    expect(await result).toMatchObject({ code: 'SB_TIMEOUT', message: 'cannot reach the broker: no answer within 3 s' });
    expect(told).toBe(true);
    hangs.resolve('late');
    await turns();
    expect(late).toEqual(['late']);
  });
});
