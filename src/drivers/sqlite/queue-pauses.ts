// SqliteQueuePauses: the QueuePauses port on the flags of the local broker's queues. So what comes from that broker obeys
// them too, and they stay when the store's mode changes.

import type { Clock } from '../../ports/clock.js';
import type { QueuePause, QueuePauses } from '../../ports/queue-pauses.js';
import type { Broker } from './broker/broker.js';
import { ensureLocalQueue } from './local-twin.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

export interface QueuePausesParts {
  readonly writer: Writer;
  readonly reader: Reader;
  readonly broker: Broker;
  readonly clock: Clock;
}

export class SqliteQueuePauses implements QueuePauses {
  readonly #parts: QueuePausesParts;

  constructor(parts: QueuePausesParts) {
    this.#parts = parts;
  }

  list(): Promise<ReadonlyMap<string, QueuePause>> {
    return this.#parts.reader.read(() => {
      const paused = new Map<string, QueuePause>();
      for (const { name, pausedAt, pausedBy } of this.#parts.broker.queues.list()) {
        if (pausedAt !== null) paused.set(name, { at: pausedAt, by: pausedBy ?? '' });
      }
      return paused;
    });
  }

  async pause(queue: string, by: string): Promise<void> {
    const { writer, broker, clock } = this.#parts;
    await writer.write(() => {
      ensureLocalQueue(broker, queue);
      broker.queues.pause(queue, by, clock.now());
    });
  }

  async resume(queue: string): Promise<void> {
    const { writer, broker } = this.#parts;
    await writer.write(() => {
      if (broker.hasQueue(queue)) broker.queues.resume(queue);
    });
  }
}
