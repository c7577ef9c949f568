// Empties one queue of another system: everything that can be received goes to the store's own queue, is removed as a copy
// that counts no longer, or is left alone.

import { AppError, hasCode } from '../domain/errors.js';
import { ownMessage } from '../domain/message-codec.js';
import type { Backend } from '../ports/backend.js';
import type { Delivery, MessageQueue } from '../ports/message-queue.js';
import type { DrainTally } from './drain-tally.js';
import { moveDeliveryToLocal, type MovedDelivery } from './move-to-local.js';

export interface DrainedQueuePorts extends Pick<Backend, 'store' | 'clock'> {
  readonly remote: { readonly queue: MessageQueue };
  /** Of the store. */
  readonly localQueue: MessageQueue;
}

const AT_ONCE = 50;
/** Long enough for a broker that has something to hand it out. */
const WAIT_MS = 1500;

export class DrainedQueue {
  readonly #ports: DrainedQueuePorts;
  readonly #queue: string;
  readonly #tally: DrainTally;
  /** Messages let go once: met again, the drain has gone round. */
  readonly #letGo = new Set<string>();

  constructor(ports: DrainedQueuePorts, queue: string, tally: DrainTally) {
    this.#ports = ports;
    this.#queue = queue;
    this.#tally = tally;
  }

  /** Until nothing can be received. Throws STORE_MISMATCH for messages of another store, and what the queue throws. */
  async drain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const deliveries = await this.#ports.remote.queue.receive({ queue: this.#queue, max: AT_ONCE, waitMs: WAIT_MS, signal });
      if (deliveries.length === 0) return;
      const isNew = deliveries.some(({ message }) => !this.#letGo.has(message.brokerSequence));
      const ends = await Promise.allSettled(deliveries.map((delivery) => this.#move(delivery)));
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      if (!isNew) return;
    }
  }

  async #move(delivery: Delivery): Promise<void> {
    await this.#refuseOtherStore(delivery);
    try {
      this.#count(await moveDeliveryToLocal(delivery, this.#ports), delivery);
    } catch (error) {
      // The move stands, and the message comes again: to this run or the next, as one that counts no longer.
      if (!hasCode(error, 'LOCK_LOST')) throw error;
    }
  }

  async #refuseOtherStore(delivery: Delivery): Promise<void> {
    const { storeId } = this.#ports.store;
    const own = ownMessage(delivery.message.properties);
    if (own === undefined || own.storeId === storeId) return;
    await delivery.release(0).catch(() => undefined);
    throw new AppError('STORE_MISMATCH', `queue ${delivery.queue} carries messages of store ${own.storeId}, this is store ${storeId}`, {
      hint: 'drain it with the profile of that store',
    });
  }

  #count(end: MovedDelivery, { message: { brokerSequence } }: Delivery): void {
    if (end === 'left') {
      if (!this.#letGo.has(brokerSequence)) this.#tally.unreadable();
      this.#letGo.add(brokerSequence);
      return;
    }
    if (end === 'moved' || end === 'forwarded') this.#tally.moved();
    if (end === 'forwarded') this.#tally.takenOver();
    if (end !== 'dead-lettered') this.#tally.removed();
  }
}
