// CosmosQueuePauses: the QueuePauses port, one document per paused queue. A worker asks before each look at its queues, so
// an answer is good for a second.

import type { Clock } from '../../ports/clock.js';
import type { QueuePause, QueuePauses } from '../../ports/queue-pauses.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { documentIdOf } from './document-id.js';

const PARTITION = 'pauses';
/** A pause of another process is seen at the latest then. */
const GOOD_FOR_MS = 1_000;

interface Answer {
  readonly askedAt: number;
  readonly pauses: Promise<ReadonlyMap<string, QueuePause>>;
}

export class CosmosQueuePauses implements QueuePauses {
  readonly #calls: CosmosCalls;
  readonly #clock: Clock;
  #answer: Answer | undefined;

  constructor(calls: CosmosCalls, clock: Clock) {
    this.#calls = calls;
    this.#clock = clock;
  }

  async list(): Promise<ReadonlyMap<string, QueuePause>> {
    const now = this.#clock.now();
    const age = this.#answer === undefined ? Infinity : now - this.#answer.askedAt;
    // The clock can be set back.
    if (this.#answer !== undefined && age >= 0 && age < GOOD_FOR_MS) return this.#answer.pauses;
    const answer = { askedAt: now, pauses: this.#ask() };
    this.#answer = answer;
    try {
      return await answer.pauses;
    } catch (error) {
      if (this.#answer === answer) this.#answer = undefined;
      throw error;
    }
  }

  async pause(queue: string, by: string): Promise<void> {
    const document = { id: documentIdOf('queue', queue), pk: PARTITION, kind: 'pause', queue, at: this.#clock.now(), by };
    // Refused: it is paused already.
    await this.#change(() => this.#calls.create(document));
  }

  async resume(queue: string): Promise<void> {
    await this.#change(() => this.#calls.delete(PARTITION, documentIdOf('queue', queue)));
  }

  /** What was asked before is out of date, also what is still under way. */
  async #change(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } finally {
      this.#answer = undefined;
    }
  }

  async #ask(): Promise<ReadonlyMap<string, QueuePause>> {
    // Whole documents: `by` is a word of the query language, which takes it for no property.
    const rows = await this.#calls.query<QueuePause & { readonly queue: string }>({ query: "SELECT * FROM c WHERE c.pk = 'pauses'" }, { partition: PARTITION });
    return new Map(rows.map(({ queue, at, by }) => [queue, { at, by }]));
  }
}
