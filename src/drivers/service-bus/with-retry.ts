// Tries a call of the service again while it is worth it. The SDKs' own retries are switched off or short: by default a
// wrong key holds them up for a minute and a half, and they do not wait for a broker that is being restarted.

import { retryDelayMs } from '../../domain/retry-policy.js';
import type { Clock } from '../../ports/clock.js';
import { type ErrorPlace, isTransient, retryAfterMs, serviceBusError } from './service-bus-errors.js';

export interface RetryOptions extends ErrorPlace {
  readonly clock: Clock;
  /** As Math.random. */
  readonly random: () => number;
  /** No try begins when this much time has passed; 0: one try. */
  readonly budgetMs: number;
  /** Ceiling of the first pause; it doubles up to `capMs`. */
  readonly baseMs?: number;
  readonly capMs?: number;
  readonly signal?: AbortSignal;
  /** Told before each pause. */
  readonly onRetry?: (error: unknown, waitMs: number) => void;
}

/**
 * The result of `work`, or its last failure as an AppError: at once when asking again cannot help, else when the next
 * pause would end after `budgetMs` or the signal fires. `work` may have had its effect although it failed: what it does
 * must be harmless when repeated. Does not cut off a try that hangs: see withinTime.
 */
export async function withRetry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, random, budgetMs, baseMs = 250, capMs = 5_000, signal } = options;
  const start = clock.monotonic();
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (thrown) {
      const error = serviceBusError(thrown, options);
      // Half of the ceiling at least: "full jitter" alone may ask a dead broker many times in one instant.
      const pause = retryDelayMs(attempt, { baseMs: baseMs / 2, capMs: capMs / 2 }, random) + Math.min(capMs, baseMs * 2 ** (attempt - 1)) / 2;
      const waitMs = Math.max(pause, retryAfterMs(error) ?? 0);
      if (hasFired(signal) || !isTransient(error) || clock.monotonic() - start + waitMs > budgetMs) throw error;
      options.onRetry?.(error, waitMs);
      await clock.sleep(waitMs, signal);
      if (hasFired(signal)) throw error;
    }
  }
}

function hasFired(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
