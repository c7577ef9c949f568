// Works on the items of a source, several at once, at most so many a second.

import type { Clock } from '../../ports/clock.js';

export interface InFlight<T> {
  readonly source: AsyncIterable<T>;
  /** How many items are worked on at once. */
  readonly width: number;
  /** Called before the next item is asked for; false stops. */
  readonly mayGoOn: () => Promise<boolean>;
  readonly handle: (item: T) => Promise<void>;
}

/**
 * Resolves when every item that was taken has been handled. After the first error, or when `mayGoOn` says so, no further
 * item is asked for, those at hand are finished and the source is closed; then the error is thrown.
 */
export async function workInFlight<T>({ source, width, mayGoOn, handle }: InFlight<T>): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  const failures: unknown[] = [];
  const stop = new AbortController();
  const work = async (): Promise<void> => {
    while (!stop.signal.aborted && (await mayGoOn())) {
      // Another one may have stopped while this one waited for its turn.
      const next = stop.signal.aborted ? undefined : await iterator.next();
      if (next === undefined || next.done === true) break;
      await handle(next.value);
    }
    stop.abort();
  };
  const workers = Array.from({ length: width }, async () => {
    try {
      await work();
    } catch (error) {
      stop.abort();
      failures.push(error);
    }
  });
  await Promise.all(workers);
  await iterator.return?.();
  if (failures.length > 0) throw failures[0];
}

/** Waits for its turn: `perSecond` turns a second, evenly spaced. Answers false, at once, when the signal has fired. */
export function createPacer(clock: Clock, perSecond: number | null, signal: AbortSignal | undefined): () => Promise<boolean> {
  let nextAt = clock.monotonic();
  const hasFired = (): boolean => signal?.aborted ?? false;
  return async () => {
    if (hasFired()) return false;
    if (perSecond === null) return true;
    const now = clock.monotonic();
    const turn = Math.max(nextAt, now);
    nextAt = turn + 1000 / perSecond;
    if (turn > now) await clock.sleep(turn - now, signal);
    return !hasFired();
  };
}
