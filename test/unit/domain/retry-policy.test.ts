import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RETRY_POLICY, nextAttempt, retryCeilingMs, retryDelayMs } from '../../../src/domain/retry-policy.js';

const policies = fc.record({ baseMs: fc.integer({ min: 0, max: 1e9 }), capMs: fc.integer({ min: 0, max: 1e9 }) });
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const finished = { attempt: 1, maxAttempts: 3, expiresAt: null, now: 1_000, policy: DEFAULT_RETRY_POLICY, random: () => 0.5 };

describe('retryCeilingMs', () => {
  it('doubles from two seconds and stops at five minutes', () => {
    expect([1, 2, 3, 7, 8, 9, 1000].map((attempt) => retryCeilingMs(attempt, DEFAULT_RETRY_POLICY))).toEqual([
      2_000, 4_000, 8_000, 128_000, 256_000, 300_000, 300_000,
    ]);
  });

  it('never falls from one attempt to the next and never passes the cap', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 5_000 }), (policy, attempt) => {
        const ceiling = retryCeilingMs(attempt, policy);
        expect(retryCeilingMs(attempt + 1, policy)).toBeGreaterThanOrEqual(ceiling);
        expect(ceiling).toBeLessThanOrEqual(policy.capMs);
      }),
    );
  });
});

describe('retryDelayMs', () => {
  it('is a whole number from zero to the ceiling for every draw', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: -3, max: 5_000 }), chance, (policy, attempt, draw) => {
        const delay = retryDelayMs(attempt, policy, () => draw);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(retryCeilingMs(attempt, policy));
      }),
    );
  });

  it('uses the whole width, from nothing to nearly the ceiling', () => {
    expect(retryDelayMs(3, DEFAULT_RETRY_POLICY, () => 0)).toBe(0);
    expect(retryDelayMs(3, DEFAULT_RETRY_POLICY, () => 0.999_999)).toBe(7_999);
  });
});

describe('nextAttempt', () => {
  it('comes after the delay of the attempt that failed', () => {
    expect(nextAttempt(finished)).toEqual({ retryAt: 2_000 });
    expect(nextAttempt({ ...finished, attempt: 2 })).toEqual({ retryAt: 3_000 });
  });

  it('is exhausted with the last permitted attempt, whatever the age', () => {
    expect(nextAttempt({ ...finished, attempt: 3 })).toBe('exhausted');
    expect(nextAttempt({ ...finished, attempt: 3, expiresAt: 0 })).toBe('exhausted');
    expect(nextAttempt({ ...finished, maxAttempts: 1 })).toBe('exhausted');
  });

  it('is expired when it could start only at or after the expiry', () => {
    expect(nextAttempt({ ...finished, expiresAt: 2_001 })).toEqual({ retryAt: 2_000 });
    expect(nextAttempt({ ...finished, expiresAt: 2_000 })).toBe('expired');
    expect(nextAttempt({ ...finished, expiresAt: 500 })).toBe('expired');
  });

  it('never lies in the past and always before the expiry', () => {
    fc.assert(
      fc.property(
        fc.record({
          attempt: fc.integer({ min: 1, max: 20 }),
          maxAttempts: fc.integer({ min: 1, max: 20 }),
          expiresAt: fc.option(fc.integer({ min: 0, max: 1e7 })),
          now: fc.integer({ min: 0, max: 1e7 }),
          policy: policies,
          random: chance.map((draw) => () => draw),
        }),
        (input) => {
          const next = nextAttempt(input);
          if (next === 'exhausted') expect(input.attempt).toBeGreaterThanOrEqual(input.maxAttempts);
          else if (next === 'expired') expect(input.expiresAt).not.toBeNull();
          else {
            expect(next.retryAt).toBeGreaterThanOrEqual(input.now);
            expect(next.retryAt).toBeLessThan(input.expiresAt ?? Infinity);
            expect(input.attempt).toBeLessThan(input.maxAttempts);
          }
        },
      ),
    );
  });
});
