// The broker's one timer: rings at the earliest instant at which time alone changes something.

import type { Clock } from '../../ports/clock.js';

/** The clock may be set forward, and timers end early by a millisecond: look again at least this often. */
const LONGEST_WAIT_MS = 60_000;

export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #at = Number.POSITIVE_INFINITY;
  #waiting: AbortController | undefined;
  #stopped = false;

  /** `ring` is called with the alarm unset. */
  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at `at` or earlier; an earlier time that is set already stays. */
  notLaterThan(at: number): void {
    if (at >= this.#at || this.#stopped) return;
    this.#at = at;
    this.#waiting?.abort();
    const waiting = new AbortController();
    this.#waiting = waiting;
    const waitMs = Math.min(Math.max(at - this.#clock.now(), 0), LONGEST_WAIT_MS);
    void this.#clock.sleep(waitMs, waiting.signal).then(() => {
      if (waiting.signal.aborted || this.#stopped) return;
      this.#at = Number.POSITIVE_INFINITY;
      this.#ring();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting?.abort();
  }
}
