import { describe, expect, test } from 'vitest';

import type { Clock } from '../../../../src/ports/clock.js';
import { createPacer, workInFlight } from '../../../../src/services/dead-letters/in-flight.js';

async function* numbers(count: number, closed?: () => void): AsyncGenerator<number> {
  try {
    for (let number = 1; number <= count; number += 1) yield number;
  } finally {
    closed?.();
  }
}

const always = (): Promise<boolean> => Promise.resolve(true);

describe('work in flight', () => {
  test('handles every item once, so many at a time and no more', async () => {
    const seen: number[] = [];
    let now = 0;
    let most = 0;
    await workInFlight({
      source: numbers(100),
      width: 7,
      mayGoOn: always,
      handle: async (item) => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(item);
        now -= 1;
      },
    });
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(most).toBe(7);
  });

  test('after an error finishes what is at hand, takes nothing more, closes the source and throws', async () => {
    const finished: number[] = [];
    let closed = false;
    const work = workInFlight({
      source: numbers(100, () => (closed = true)),
      width: 3,
      mayGoOn: always,
      handle: async (item) => {
        if (item === 2) throw new Error('two');
        await new Promise((resolve) => setImmediate(resolve));
        finished.push(item);
      },
    });
    await expect(work).rejects.toThrow('two');
    expect(closed).toBe(true);
    expect(finished.length).toBeLessThan(5);
    expect(finished).toContain(1);
  });

  test('stops when it may not go on, and closes the source', async () => {
    let closed = false;
    let left = 5;
    const seen: number[] = [];
    await workInFlight({ source: numbers(100, () => (closed = true)), width: 2, mayGoOn: () => Promise.resolve(left-- > 0), handle: (item) => Promise.resolve(void seen.push(item)) });
    expect(seen).toHaveLength(5);
    expect(closed).toBe(true);
  });
});

describe('a pacer', () => {
  function fakeClock(lateMs: number): Clock & { listeners: number; most: number } {
    let at = 0;
    const clock = {
      listeners: 0,
      most: 0,
      now: () => at,
      monotonic: () => at,
      sleep: async (ms: number) => {
        clock.listeners += 1;
        clock.most = Math.max(clock.most, clock.listeners);
        await Promise.resolve();
        at += ms + lateMs;
        clock.listeners -= 1;
      },
    };
    return clock;
  }

  test('spaces the turns evenly, and keeps its rate although timers are late', async () => {
    for (const late of [0, 3]) {
      const clock = fakeClock(late);
      const pace = createPacer(clock, 100, undefined);
      for (let turn = 0; turn < 501; turn += 1) await pace();
      expect(clock.monotonic()).toBeGreaterThanOrEqual(5000);
      expect(clock.monotonic()).toBeLessThan(5100);
    }
  });

  test('lets those who ask together wait one after another', async () => {
    const clock = fakeClock(0);
    const pace = createPacer(clock, 10, undefined);
    await Promise.all(Array.from({ length: 20 }, () => pace()));
    expect(clock.monotonic()).toBe(1900);
    expect(clock.most).toBe(1);
  });

  test('does not wait without a rate, and lets nobody pass when the signal has fired', async () => {
    const clock = fakeClock(0);
    expect(await createPacer(clock, null, undefined)()).toBe(true);
    expect(await createPacer(clock, null, AbortSignal.abort())()).toBe(false);
    expect(await createPacer(clock, 1, AbortSignal.abort())()).toBe(false);
    expect(clock.monotonic()).toBe(0);
  });
});
