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

/** How far behind its times a pacer may catch up: timers are late by a millisecond or more. */
const CATCH_UP_MS = 100;

/**
 * Waits for its turn: `perSecond` turns a second, evenly spaced. Answers false, at once, when the signal has fired.
 * Those who ask together wait one after another, so that the signal has one listener and not one for each.
 */
export function createPacer(clock: Clock, perSecond: number | null, signal: AbortSignal | undefined): () => Promise<boolean> {
  let nextAt = clock.monotonic();
  let before: Promise<unknown> = Promise.resolve();
  const hasFired = (): boolean => signal?.aborted ?? false;
  const turn = async (intervalMs: number): Promise<boolean> => {
    if (hasFired()) return false;
    const now = clock.monotonic();
    if (nextAt > now) await clock.sleep(nextAt - now, signal);
    nextAt = Math.max(nextAt, now - CATCH_UP_MS) + intervalMs;
    return !hasFired();
  };
  return () => {
    if (perSecond === null) return Promise.resolve(!hasFired());
    const mine = before.then(() => turn(1000 / perSecond));
    before = mine;
    return mine;
  };
}
