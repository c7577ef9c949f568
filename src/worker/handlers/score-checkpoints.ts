// The scores of an evaluation, saved in batches while it runs: the next attempt goes on after the last whole batch.

import type { Json } from '../../domain/json.js';
import type { RowScores } from '../../evaluation/score-row.js';
import type { Clock } from '../../ports/clock.js';
import type { HandlerCheckpoints } from '../handler.js';

const BATCH_ROWS = 500;
const BATCH_MS = 1000;

export class ScoreCheckpoints {
  readonly #checkpoint: HandlerCheckpoints;
  readonly #clock: Clock;
  readonly #prefix: string;
  #pending: RowScores[] = [];
  #batches = 0;
  #batchStartedAt = 0;

  /** Batches of another `planId` are not seen. */
  constructor(checkpoint: HandlerCheckpoints, planId: string, clock: Clock) {
    this.#checkpoint = checkpoint;
    this.#clock = clock;
    this.#prefix = `scores/${planId}/`;
  }

  /** How many rows are saved, in the order in which they were added. */
  async count(): Promise<number> {
    let rows = 0;
    this.#batches = 0;
    for await (const entry of this.#checkpoint.entries(this.#prefix)) {
      rows += batchOf(entry.value).length;
      this.#batches += 1;
    }
    return rows;
  }

  /** Saves when a batch is full or a second old. Throws when the attempt has lost the job; nothing is saved then. */
  async add(scores: RowScores): Promise<void> {
    if (this.#pending.length === 0) this.#batchStartedAt = this.#clock.monotonic();
    this.#pending.push(scores);
    if (this.#pending.length >= BATCH_ROWS || this.#clock.monotonic() - this.#batchStartedAt >= BATCH_MS) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#pending.length === 0) return;
    const batch = this.#pending;
    this.#pending = [];
    // The number continues the saved ones: a batch is never written over another, and none is skipped.
    await this.#checkpoint.set(`${this.#prefix}${String(this.#batches).padStart(8, '0')}`, batch);
    this.#batches += 1;
  }

  /** All saved scores in order. */
  async *all(): AsyncGenerator<RowScores, undefined> {
    for await (const entry of this.#checkpoint.entries(this.#prefix)) yield* batchOf(entry.value);
  }
}

/** Written by `flush` alone. */
function batchOf(value: Json): readonly RowScores[] {
  return value as unknown as readonly RowScores[];
}
