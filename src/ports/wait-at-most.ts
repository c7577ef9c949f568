// A wait with an end, for work that somebody else's silence may keep from ending.

import type { Clock } from './clock.js';

/** Resolves when `work` has ended, or after `ms`; rejects as it does. Leaves no timer behind, which would keep the process. */
export async function waitAtMost(clock: Pick<Clock, 'sleep'>, ms: number, work: Promise<unknown>): Promise<void> {
  const ended = new AbortController();
  try {
    await Promise.race([work, clock.sleep(ms, ended.signal)]);
  } finally {
    ended.abort();
  }
}
