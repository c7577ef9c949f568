// A clock that a test turns: sleeps end when the time they wait for is reached, and not before.

import type { Clock } from '../../src/ports/clock.js';
import { turns } from './turns.js';

interface Sleeper {
  readonly wakesAt: number;
  readonly wake: () => void;
}

export class FakeClock implements Clock {
  #elapsed = 0;
  #wall = Date.UTC(2026, 7, 1, 12);
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper: Sleeper = { wakesAt: this.#elapsed + Math.max(0, ms), wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
      // A sleep of no length ends by itself, as a real one does.
      if (ms <= 0) setImmediate(wake);
    });
  }

  /** Moves both clocks on, stopping at each sleep that ends on the way until what it woke has had its turn. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await turns();
    for (;;) {
      const next = [...this.#sleepers].filter(({ wakesAt }) => wakesAt <= end).sort((a, b) => a.wakesAt - b.wakesAt)[0];
      if (next === undefined) break;
      this.#moveTo(Math.max(next.wakesAt, this.#elapsed));
      next.wake();
      await turns();
    }
    this.#moveTo(end);
    await turns();
  }

  /** Sets the wall clock, and only that, forwards or back. */
  step(ms: number): void {
    this.#wall += ms;
  }

  #moveTo(elapsed: number): void {
    this.#wall += elapsed - this.#elapsed;
    this.#elapsed = elapsed;
  }
}
