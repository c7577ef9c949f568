// One timer for everything of a worker that falls due: lock renewals, time-outs, ends of grace. A timer per job would
// cost more than a short job itself.

import type { Clock } from '../ports/clock.js';
import { PlacedSet } from './placed-set.js';

/** Something that falls due once. */
export interface Deadline {
  /** By Clock.monotonic. Fixed while it is among the deadlines. */
  dueAt: number;
  /** Where it is among the deadlines; theirs. */
  place?: number;
  /** Must not throw. Called once; add the deadline again to have it called again. */
  onDue(): void;
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #waiting = new PlacedSet<Deadline>(
    ({ place = -1 }) => place,
    (deadline, place) => (deadline.place = place),
  );
  #wake: AbortController | undefined;
  #wakesAt = Infinity;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(deadline: Deadline): void {
    if (this.#closed) return;
    this.#waiting.add(deadline);
    if (deadline.dueAt >= this.#wakesAt) return;
    this.#wakesAt = deadline.dueAt;
    if (this.#wake === undefined) void this.#watch();
    else this.#wake.abort();
  }

  /** Fine when it is not there. The timer is left as it is: waking for nothing is cheaper than setting it anew. */
  delete(deadline: Deadline): void {
    this.#waiting.delete(deadline);
  }

  /** Nothing falls due any more. */
  close(): void {
    this.#closed = true;
    this.#waiting.clear();
    this.#wake?.abort();
  }

  async #watch(): Promise<void> {
    while (this.#wakesAt < Infinity && !this.#closed) {
      this.#wake = new AbortController();
      await this.#clock.sleep(Math.max(0, this.#wakesAt - this.#clock.monotonic()), this.#wake.signal);
      this.#callDue();
    }
    this.#wake = undefined;
  }

  #callDue(): void {
    const now = this.#clock.monotonic();
    const due = [...this.#waiting].filter((deadline) => deadline.dueAt <= now);
    for (const deadline of due) this.#waiting.delete(deadline);
    // Set before the calls: what they add may fall due earlier.
    this.#wakesAt = Infinity;
    for (const { dueAt } of this.#waiting) this.#wakesAt = Math.min(this.#wakesAt, dueAt);
    for (const deadline of due) deadline.onDue();
  }
}
