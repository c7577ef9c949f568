// When a job's next attempt starts, or why there is none. Time and chance come from the caller.

export interface RetryPolicy {
  /** Ceiling of the first delay; it doubles with each attempt. */
  readonly baseMs: number;
  /** No delay is longer. */
  readonly capMs: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = { baseMs: 2_000, capMs: 300_000 };

export interface FinishedAttempt {
  /** Attempts counted so far, the one that just failed included (1, 2, …). */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** No attempt starts at or after this instant; null: never expires. */
  readonly expiresAt: number | null;
  readonly now: number;
  readonly policy: RetryPolicy;
  /** As Math.random: 0 <= x < 1. */
  readonly random: () => number;
}

export type NextAttempt = { readonly retryAt: number } | 'exhausted' | 'expired';

/**
 * `exhausted` comes before `expired`: with no attempt left the age does not matter. A retry that could start only at or
 * after `expiresAt` is `expired` now, since waiting for it would change nothing.
 */
export function nextAttempt(finished: FinishedAttempt): NextAttempt {
  if (finished.attempt >= finished.maxAttempts) return 'exhausted';
  const retryAt = finished.now + retryDelayMs(finished.attempt, finished.policy, finished.random);
  if (finished.expiresAt !== null && retryAt >= finished.expiresAt) return 'expired';
  return { retryAt };
}

/**
 * Whole milliseconds, 0 <= delay <= retryCeilingMs: "full jitter", which spreads the retries of many jobs that failed
 * together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function retryDelayMs(attempt: number, policy: RetryPolicy, random: () => number): number {
  return Math.floor(random() * retryCeilingMs(attempt, policy));
}

/** min(cap, base·2^(attempt-1)); attempts below 1 count as 1. Never falls as `attempt` grows. */
export function retryCeilingMs(attempt: number, policy: RetryPolicy): number {
  // 2^52 is over any cap; a larger exponent would turn base 0 into 0 · Infinity = NaN.
  const doublings = Math.min(Math.max(0, attempt - 1), 52);
  return Math.max(0, Math.min(policy.capMs, policy.baseMs * 2 ** doublings));
}
