// The locks this process has given out, by token: requests name a lock by nothing else. A lock of an earlier process has
// no entry; those are released when the file is opened.

import type { HeldLock } from './stored-message.js';

/** Entries of locks that ended by time alone are swept out when there are twice as many as after the last sweep. */
const FIRST_SWEEP_AT = 4_096;

export class HeldLocks {
  readonly #byToken = new Map<string, HeldLock>();
  #sweepAt = FIRST_SWEEP_AT;

  add(lock: HeldLock, now: number): void {
    this.#byToken.set(lock.token, lock);
    if (this.#byToken.size >= this.#sweepAt) this.#sweep(now);
  }

  /** Also one that may have ended; using it finds that out. */
  find(token: string): HeldLock | undefined {
    return this.#byToken.get(token);
  }

  remove(lock: HeldLock): void {
    this.#byToken.delete(lock.token);
  }

  #sweep(now: number): void {
    for (const lock of this.#byToken.values()) if (lock.lockedUntil <= now) this.#byToken.delete(lock.token);
    this.#sweepAt = Math.max(FIRST_SWEEP_AT, 2 * this.#byToken.size);
  }
}
