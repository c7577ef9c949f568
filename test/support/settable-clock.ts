// A clock that a test sets: `now` stands still until it is moved. Durations and waits are real, because what waits for
// other processes waits for them in real time.

import { type Clock, systemClock } from '../../src/ports/clock.js';

export class SettableClock implements Clock {
  #now: number;

  constructor(now = Date.UTC(2026, 0, 5, 12)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }

  /** Negative: the clock is set back. */
  advance(ms: number): void {
    this.#now += ms;
  }
}
