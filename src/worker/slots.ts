// The worker's concurrency. A message takes a slot when it is taken and frees it when its handler has ended; until it is
// settled it is still held. So the next messages are fetched while outcomes are being saved.

export class Slots {
  readonly size: number;
  #taken = 0;
  #held = 0;
  #waiting: (() => void)[] = [];
  /** Called whenever the last held delivery is settled. */
  onIdle: (() => void) | undefined;

  constructor(size: number) {
    this.size = size;
  }

  /** Outcomes that cannot be saved must not pile up: at most as many deliveries are held beside the slots as there are slots. */
  get free(): number {
    return Math.min(this.size - this.#taken, 2 * this.size - this.#held);
  }

  /** Deliveries that are not settled. */
  get held(): number {
    return this.#held;
  }

  take(): Slot {
    this.#taken += 1;
    this.#held += 1;
    return new Slot(
      () => {
        this.#taken -= 1;
        this.wake();
      },
      () => {
        this.#held -= 1;
        if (this.#held === 0) this.onIdle?.();
        this.wake();
      },
    );
  }

  /** Resolves after the next change of the slots, or when somebody calls wake(). */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  wake(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** One delivery's slot. */
export class Slot {
  readonly #freed: () => void;
  readonly #settled: () => void;
  #isFree = false;

  constructor(freed: () => void, settled: () => void) {
    this.#freed = freed;
    this.#settled = settled;
  }

  /** The handler has ended, or there was none to run. */
  free(): void {
    if (this.#isFree) return;
    this.#isFree = true;
    this.#freed();
  }

  /** The delivery is settled, or left. */
  end(): void {
    this.free();
    this.#settled();
  }
}
