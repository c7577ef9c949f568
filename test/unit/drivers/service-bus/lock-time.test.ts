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

  test('gives a lock that seems to be over when it comes half the shortest one: it was given just now', () => {
    expect(leftMs({ aheadMs: -3_600_000, lockMs: LOCK_MS })).toBe(2_500);
    expect(leftMs({ aheadMs: -3_600_000, lockMs: 1_000 })).toBe(500);
  });

  test('keeps to a shorter lock than the registry says', () => {
    expect(leftMs({ aheadMs: 0, lockMs: LOCK_MS, brokerLockMs: 60_000 })).toBe(60_000);
  });

  test('believes a lock of five seconds that needed a moment to get here, whatever the registry says', () => {
    for (const lockMs of [5_000, LOCK_MS, undefined]) expect(leftMs({ aheadMs: -100, lockMs, brokerLockMs: 5_000 })).toBe(4_900);
  });

  test('knows a queue that nobody described by what the broker tells, within what it can be', () => {
    expect(leftMs({ aheadMs: 0, lockMs: undefined, brokerLockMs: 45_000 })).toBe(45_000);
    expect(leftMs({ aheadMs: 3_600_000, lockMs: undefined })).toBe(2_500);
    expect(lockedUntil({ told: undefined, lockMs: undefined, now: NOW })).toBe(NOW + 2_500);
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

  /** A lock of the service, how far its clock is ahead of ours, and what part of the lock was over when it came here. */
  const brokerLockMs = fc.integer({ min: 5_000, max: 300_000 });
  const onTheWay = fc.double({ min: 0, max: 0.24, noNaN: true });
  const anySkew = fc.integer({ min: -7_200_000, max: 7_200_000 });
  const behind = fc.integer({ min: -7_200_000, max: 0 });
  const anySettings = fc.option(fc.integer({ min: 5_000, max: 300_000 }), { nil: undefined });

  /** Whether a renewal at half of what is believed comes before the lock's real end. */
  function isRenewedInTime(lock: { aheadMs: number; lockMs: number | undefined; brokerLockMs: number }, overMs: number): boolean {
    return leftMs({ ...lock, aheadMs: lock.aheadMs - overMs }) / 2 < lock.brokerLockMs - overMs;
  }

  test('is renewed in time whatever the clocks say, where the settings are the broker’s', () => {
    fc.assert(fc.property(brokerLockMs, anySkew, onTheWay, (lockMs, aheadMs, part) => isRenewedInTime({ aheadMs, lockMs, brokerLockMs: lockMs }, part * lockMs)));
  });

  test('is renewed in time by any settings, or none, where the broker’s clock is ours or behind it', () => {
    fc.assert(fc.property(brokerLockMs, anySettings, behind, onTheWay, (real, lockMs, aheadMs, part) => isRenewedInTime({ aheadMs, lockMs, brokerLockMs: real }, part * real)));
  });

  test('is renewed in time by any settings, or none, where the broker’s clock is ahead by less than half a lock', () => {
    const ahead = fc.double({ min: 0, max: 0.49, noNaN: true });
    fc.assert(
      fc.property(brokerLockMs, anySettings, ahead, onTheWay, (real, lockMs, skew, part) => isRenewedInTime({ aheadMs: skew * real, lockMs, brokerLockMs: real }, part * real)),
    );
  });
});
