// What a drain has done so far, and what it leaves.

import type { AppError } from '../domain/errors.js';
import type { QueueCounts } from '../ports/queue-admin.js';

export interface DrainResult {
  /** Jobs whose message is on the store's own queue now. */
  readonly moved: number;
  /** Of them, jobs made of messages of other producers. */
  readonly takenOver: number;
  /** Copies that counted no longer, removed from the other queue. */
  readonly removed: number;
  /** Jobs that a live worker runs: they end there. */
  readonly running: number;
  /** Messages that say nothing this product knows, left where they are. */
  readonly unreadable: number;
  /** What the other system still has when all is done, by queue. */
  readonly left: readonly DrainLeft[];
  /** What kept the drain from looking at the other system. */
  readonly problem: AppError | null;
}

export interface DrainLeft {
  readonly queue: string;
  readonly active: number;
  /** Copies of moved jobs that are due later: superseded, they end when they come due. */
  readonly scheduled: number;
  readonly deadLetter: number;
}

export class DrainTally {
  readonly #onMoved: ((moved: number) => void) | undefined;
  readonly #left: DrainLeft[] = [];
  #moved = 0;
  #takenOver = 0;
  #removed = 0;
  #running = 0;
  #unreadable = 0;
  #problem: AppError | null = null;

  constructor(onMoved?: (moved: number) => void) {
    this.#onMoved = onMoved;
  }

  moved(jobs = 1): void {
    this.#moved += jobs;
    if (jobs > 0) this.#onMoved?.(this.#moved);
  }

  takenOver(): void {
    this.#takenOver += 1;
  }

  removed(): void {
    this.#removed += 1;
  }

  running(): void {
    this.#running += 1;
  }

  unreadable(): void {
    this.#unreadable += 1;
  }

  left(queue: string, { active, locked, scheduled, deadLetter }: QueueCounts): void {
    if (active + locked + scheduled + deadLetter > 0) this.#left.push({ queue, active: active + locked, scheduled, deadLetter });
  }

  problem(error: AppError): void {
    this.#problem = error;
  }

  result(): DrainResult {
    return {
      moved: this.#moved,
      takenOver: this.#takenOver,
      removed: this.#removed,
      running: this.#running,
      unreadable: this.#unreadable,
      left: this.#left,
      problem: this.#problem,
    };
  }
}
