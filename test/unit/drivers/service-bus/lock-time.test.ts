import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { lockedUntil } from '../../../../src/drivers/service-bus/lock-time.js';

const NOW = Date.UTC(2026, 7, 1);
const LOCK_MS = 300_000;

/** What is believed of a lock that was given this very moment, with the broker's clock ahead of ours by `aheadMs`. */
function leftMs({ aheadMs, lockMs, brokerLockMs = LOCK_MS }: { aheadMs: number; lockMs: number | undefined; brokerLockMs?: number }): number {
  return lockedUntil({ told: NOW + aheadMs + brokerLockMs, lockMs, now: NOW }) - NOW;
}

describe('lockedUntil', () => {
  test('believes the broker when the clocks agree', () => {
    expect(leftMs({ aheadMs: 0, lockMs: LOCK_MS })).toBe(LOCK_MS);
    expect(lockedUntil({ told: NOW + 40_000, lockMs: LOCK_MS, now: NOW })).toBe(NOW + 40_000);
  });

  test('never believes a lock to last longer than the queue’s, however far the broker’s clock is ahead', () => {
    expect(leftMs({ aheadMs: 3_600_000, lockMs: LOCK_MS })).toBe(LOCK_MS);
  });

  test('takes a lock that seems to be over for a whole one: it was given just now', () => {
    expect(leftMs({ aheadMs: -3_600_000, lockMs: LOCK_MS })).toBe(LOCK_MS);
  });

  test('keeps to a shorter lock than the registry says', () => {
    expect(leftMs({ aheadMs: 0, lockMs: LOCK_MS, brokerLockMs: 60_000 })).toBe(60_000);
  });

  test('knows a queue that nobody described by what the broker tells, within what it can be', () => {
    expect(leftMs({ aheadMs: 0, lockMs: undefined, brokerLockMs: 45_000 })).toBe(45_000);
    expect(leftMs({ aheadMs: 3_600_000, lockMs: undefined })).toBe(60_000);
    expect(lockedUntil({ told: undefined, lockMs: undefined, now: NOW })).toBe(NOW + 60_000);
  });

  test('is always in the future and never further than one lock', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 300_000 }), fc.integer({ min: -10_000_000, max: 10_000_000 }), (lockMs, toldIn) => {
        const left = lockedUntil({ told: NOW + toldIn, lockMs, now: NOW }) - NOW;
        expect(left).toBeGreaterThan(0);
        expect(left).toBeLessThanOrEqual(lockMs);
      }),
    );
  });
});
