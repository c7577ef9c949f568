// CosmosQueuePauses: the QueuePauses port, one document per paused queue.

import type { Clock } from '../../ports/clock.js';
import type { QueuePause, QueuePauses } from '../../ports/queue-pauses.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { documentIdOf } from './document-id.js';

const PARTITION = 'pauses';

export class CosmosQueuePauses implements QueuePauses {
  readonly #calls: CosmosCalls;
  readonly #clock: Clock;

  constructor(calls: CosmosCalls, clock: Clock) {
    this.#calls = calls;
    this.#clock = clock;
  }

  async list(): Promise<ReadonlyMap<string, QueuePause>> {
    const rows = await this.#calls.query<QueuePause & { readonly queue: string }>({ query: "SELECT c.queue, c.at, c.by FROM c WHERE c.pk = 'pauses'" }, { partition: PARTITION });
    return new Map(rows.map(({ queue, at, by }) => [queue, { at, by }]));
  }

  async pause(queue: string, by: string): Promise<void> {
    const document = { id: documentIdOf('queue', queue), pk: PARTITION, kind: 'pause', queue, at: this.#clock.now(), by };
    // Refused: it is paused already.
    await this.#calls.create(document);
  }

  async resume(queue: string): Promise<void> {
    await this.#calls.delete(PARTITION, documentIdOf('queue', queue));
  }
}
