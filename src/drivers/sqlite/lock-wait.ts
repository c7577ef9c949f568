// How long to wait for a lock that another process holds: asynchronously, because SQLite's own waiting stops the event
// loop, and with it the renewal of every lock on a job.

import { type Clock, systemClock } from '../../ports/clock.js';
import { isBusy } from './sqlite-errors.js';

/** Longest blocking wait inside SQLite. Most transactions of other processes end within it. */
export const BUSY_TIMEOUT_MS = 20;
/** After this the caller is told DB_BUSY. */
export const LOCK_WAIT_MS = 10_000;

/** Waiting for other processes is real time, also where the clock of the rules is a test's. */
export type WaitClock = Pick<Clock, 'monotonic' | 'sleep'>;

export interface LockWait {
  readonly clock: WaitClock;
  readonly random: () => number;
  readonly waitMs: number;
}

export function lockWait(options: Partial<LockWait> = {}): LockWait {
  return { clock: options.clock ?? systemClock, random: options.random ?? Math.random, waitMs: options.waitMs ?? LOCK_WAIT_MS };
}

/** Full jitter, growing from 2 to 40 ms: two processes that collide do not collide again in step. */
export function nextDelayMs(attempt: number, random: () => number): number {
  return 1 + random() * Math.min(40, 2 ** Math.min(attempt, 6));
}

/** Runs the action again while it is busy, up to `waitMs`; then the last error. The action must leave nothing behind when it throws. */
export async function retryWhileBusy<T>(action: () => T, wait: LockWait): Promise<T> {
  const from = wait.clock.monotonic();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return action();
    } catch (error) {
      if (!isBusy(error) || wait.clock.monotonic() - from >= wait.waitMs) throw error;
    }
    await wait.clock.sleep(nextDelayMs(attempt, wait.random));
  }
}
