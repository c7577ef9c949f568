// The scores of an evaluation, saved in batches while it runs: the next attempt goes on after the last whole batch.

import type { Json } from '../../domain/json.js';
import type { RowScores } from '../../evaluation/score-row.js';
import type { Clock } from '../../ports/clock.js';
import type { HandlerCheckpoints } from '../handler.js';

const BATCH_ROWS = 500;
const BATCH_MS = 1000;

/** What is saved, under the key of the plan. A type and not an interface, so that it counts as JSON. */
type Saved = { readonly batches: number; readonly rows: number };

export class ScoreCheckpoints {
  readonly #checkpoint: HandlerCheckpoints;
  readonly #clock: Clock;
  readonly #planKey: string;
  #pending: RowScores[] = [];
  #saved: Saved = { batches: 0, rows: 0 };
  #batchStartedAt = 0;

  /** Batches of another `planId` are not seen. */
  constructor(checkpoint: HandlerCheckpoints, planId: string, clock: Clock) {
    this.#checkpoint = checkpoint;
    this.#clock = clock;
    this.#planKey = `scores/${planId}`;
  }

  /** How many rows earlier attempts have saved, in the order in which they were added. Call it before `add`. */
  async count(): Promise<number> {
    const saved = await this.#checkpoint.get(this.#planKey);
    if (saved !== undefined) this.#saved = ours<Saved>(saved);
    return this.#saved.rows;
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
    const { batches, rows } = this.#saved;
    const saved: Saved = { batches: batches + 1, rows: rows + batch.length };
    // Stored together: the count never speaks of a batch that is not there, nor leaves one out.
    await this.#checkpoint.setMany([
      { key: this.#batchKey(batches), value: batch },
      { key: this.#planKey, value: saved },
    ]);
    this.#saved = saved;
  }

  /** All saved scores in order, one batch in memory at a time. */
  async *all(): AsyncGenerator<RowScores, undefined> {
    for (let index = 0; index < this.#saved.batches; index += 1) {
      const batch = await this.#checkpoint.get(this.#batchKey(index));
      if (batch === undefined) throw new Error(`batch ${index} of ${this.#saved.batches} saved ones is missing`);
      yield* ours<readonly RowScores[]>(batch);
    }
  }

  #batchKey(index: number): string {
    return `${this.#planKey}/${String(index).padStart(8, '0')}`;
  }
}

/** Written by `flush` alone, so its shape is known. */
function ours<Shape>(value: Json): Shape {
  return value as unknown as Shape;
}
