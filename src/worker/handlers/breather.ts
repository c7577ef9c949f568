// Keeps a long computation from holding the event loop: lock renewal, heartbeats and cancel requests need their turn.

import { setImmediate } from 'node:timers/promises';

import type { Clock } from '../../ports/clock.js';

const TURN_MS = 50;

export class Breather {
  readonly #signal: AbortSignal;
  readonly #clock: Clock;
  #turnEnds: number;

  constructor(signal: AbortSignal, clock: Clock) {
    this.#signal = signal;
    this.#clock = clock;
    this.#turnEnds = clock.monotonic() + TURN_MS;
  }

  /** Call often: gives the event loop a turn every 50 ms, and throws the signal's reason once it has fired. */
  async rest(): Promise<void> {
    if (this.#clock.monotonic() >= this.#turnEnds) {
      await setImmediate();
      this.#turnEnds = this.#clock.monotonic() + TURN_MS;
    }
    this.#signal.throwIfAborted();
  }
}
