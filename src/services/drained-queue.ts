// Empties one queue of another system into the store: each message that can be received is taken over, removed as a copy
// that counts no longer, or left alone.

import type { DecodedMessage } from '../domain/decide.js';
import { AppError, hasCode } from '../domain/errors.js';
import { hasEnded, type Job } from '../domain/job.js';
import { moveToLocal } from '../domain/lifecycle.js';
import type { Backend } from '../ports/backend.js';
import type { Delivery, MessageQueue } from '../ports/message-queue.js';
import { saveChange } from './change-jobs.js';
import { decodeDelivery, jobIdOf } from './decode-delivery.js';
import type { DrainTally } from './drain-tally.js';

export interface DrainedQueuePorts extends Pick<Backend, 'store' | 'clock'> {
  readonly remote: { readonly queue: MessageQueue };
  readonly createExternal: (message: DecodedMessage, delivery: Delivery) => Promise<void>;
}

export interface DrainedQueueRequest {
  readonly queue: string;
  readonly reason: string;
  readonly signal: AbortSignal;
}

const AT_ONCE = 50;
/** Long enough for a broker that has something to hand it out. */
const WAIT_MS = 1500;

export class DrainedQueue {
  readonly #ports: DrainedQueuePorts;
  readonly #request: DrainedQueueRequest;
  readonly #tally: DrainTally;
  /** Messages let go once: met again, the drain has gone round. */
  readonly #letGo = new Set<string>();

  constructor(ports: DrainedQueuePorts, request: DrainedQueueRequest, tally: DrainTally) {
    this.#ports = ports;
    this.#request = request;
    this.#tally = tally;
  }

  /** Until nothing can be received. Throws STORE_MISMATCH for messages of another store, and what the queue throws. */
  async drain(): Promise<void> {
    const { queue, signal } = this.#request;
    while (!signal.aborted) {
      const deliveries = await this.#ports.remote.queue.receive({ queue, max: AT_ONCE, waitMs: WAIT_MS, signal });
      if (deliveries.length === 0) return;
      const isNew = deliveries.some(({ message }) => !this.#letGo.has(message.brokerSequence));
      const ends = await Promise.allSettled(deliveries.map((delivery) => this.#settle(delivery)));
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      if (!isNew) return;
    }
  }

  async #settle(delivery: Delivery): Promise<void> {
    const message = decodeDelivery(delivery);
    const { store } = this.#ports;
    if (message.kind === 'ours' && message.storeId !== store.storeId) {
      await this.#release(delivery);
      throw new AppError('STORE_MISMATCH', `queue ${delivery.queue} carries messages of store ${message.storeId}, this is store ${store.storeId}`, {
        hint: 'drain it with the profile of that store',
      });
    }
    const jobId = jobIdOf(message);
    const job = jobId === undefined ? undefined : await this.#jobOf(jobId, message, delivery);
    if (job === undefined) return this.#leave(delivery);
    const counts = await this.#takeOver(job, message, delivery);
    if (!counts) return this.#leave(delivery);
    await this.#complete(delivery);
  }

  /** Stores the job of another producer's message first. Dying afterwards leaves the message, and the next run moves the job. */
  async #jobOf(jobId: string, message: DecodedMessage, delivery: Delivery): Promise<Job | undefined> {
    const stored = await this.#ports.store.get(jobId);
    if (stored !== undefined || message.kind !== 'foreign') return stored;
    await this.#ports.createExternal(message, delivery);
    this.#tally.takenOver();
    return this.#ports.store.get(jobId);
  }

  /**
   * False when the message must stay: it is newer than the stored job. Save first, settle second: dying in between leaves
   * a superseded copy.
   */
  async #takeOver(read: Job, message: DecodedMessage, delivery: Delivery): Promise<boolean> {
    const sequence = message.kind === 'ours' ? message.sequence : 1;
    let mayGo = true;
    let moved = false;
    await saveChange(this.#ports, read.jobId, (job) => {
      mayGo = sequence <= job.sequence;
      moved = mayGo && sequence === job.sequence && isAtStake(job, delivery);
      return moved ? moveToLocal(job, this.#ports.clock.now(), this.#request.reason) : undefined;
    });
    if (moved) this.#tally.moved();
    return mayGo;
  }

  async #complete(delivery: Delivery): Promise<void> {
    try {
      await delivery.complete();
      this.#tally.removed();
    } catch (error) {
      // It comes again, to this run or the next, and is a superseded copy then.
      if (!hasCode(error, 'LOCK_LOST')) throw error;
    }
  }

  async #leave(delivery: Delivery): Promise<void> {
    if (!this.#letGo.has(delivery.message.brokerSequence)) this.#tally.unreadable();
    await this.#release(delivery);
  }

  async #release(delivery: Delivery): Promise<void> {
    this.#letGo.add(delivery.message.brokerSequence);
    await delivery.release(0).catch(() => undefined);
  }
}

/** The job would be lost with this message: it waits for it, or its attempt under this very message never reported back. */
function isAtStake(job: Job, { queueMode, message }: Delivery): boolean {
  if (hasEnded(job.status) || job.awaitsChildren || job.queueMode === 'local') return false;
  if (job.status === 'Queued') return true;
  return (job.delivery?.queueMode ?? 'local') === queueMode && job.delivery?.brokerSequence === message.brokerSequence;
}
