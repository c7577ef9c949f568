// SqliteMessageQueue: the MessageQueue port on the broker core. Each call is one operation of the Writer, so settlements
// and hand-outs of many jobs share one flush to disk.

import { AppError } from '../../domain/errors.js';
import { PRIORITIES, type Priority } from '../../domain/job.js';
import type { Clock } from '../../ports/clock.js';
import type { BeginAttempt, Delivery, MessageProps, MessageQueue, OutgoingMessage, ReceiveParams } from '../../ports/message-queue.js';
import type { Broker, BrokerLook } from './broker/broker.js';
import type { BrokerMessage } from './broker/broker-message.js';
import { saveKnownJob } from './job-save.js';
import { type JobTransaction, readStoredJob, type StoredJob } from './job-transaction.js';
import type { Reader } from './reader.js';
import { SqliteDelivery } from './sqlite-delivery.js';
import type { Writer } from './writer.js';

/** Tells that something was committed to the file, by this process or another. May tell late or without reason. */
export interface ChangeNotice {
  /** Resolves after a change, after `waitMs`, or when the signal fires. Notices every commit made after the call. */
  changed(params: { readonly waitMs: number; readonly signal: AbortSignal }): Promise<void>;
}

export interface QueueParts {
  readonly writer: Writer;
  readonly reader: Reader;
  readonly broker: Broker;
  readonly notice: ChangeNotice;
  readonly clock: Clock;
  /** The store in the same file; without one no attempt is begun with a hand-out. */
  readonly jobs?: JobTransaction | undefined;
}

const BUSY: BrokerLook = { work: true, nextTimerAt: null };

export class SqliteMessageQueue implements MessageQueue {
  readonly #parts: QueueParts;
  /** Queues whose last receive found messages. */
  readonly #busy = new Set<string>();

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    if (messages.length === 0) return;
    const { writer, broker, clock } = this.#parts;
    const outgoing = messages.map(brokerMessage);
    const queues = new Set(messages.map(({ queue }) => queue));
    await writer.write(() => {
      // All of them before the first write, so that all messages are accepted or none.
      for (const queue of queues) broker.queues.require(queue);
      const now = clock.now();
      for (const message of outgoing) broker.enqueue(message, now);
    });
  }

  async receive(params: ReceiveParams): Promise<Delivery[]> {
    const { clock } = this.#parts;
    const from = clock.monotonic();
    for (;;) {
      const { deliveries, nextTimerAt } = await this.#lockWaiting(params);
      const leftMs = params.waitMs - (clock.monotonic() - from);
      if (deliveries.length > 0) return deliveries;
      if (leftMs <= 0 || params.signal?.aborted === true) return [];
      const timerMs = nextTimerAt === null ? leftMs : Math.max(1, nextTimerAt - clock.now());
      await this.#waitForWork(params, Math.min(leftMs, timerMs));
    }
  }

  /**
   * Looks, and locks what is there. The look keeps waiting receivers out of the file's write lock; where there were
   * messages a moment ago it is left out. A process that dies after the commit and before it has the messages leaves
   * them locked: they come again when their locks end.
   */
  async #lockWaiting(params: ReceiveParams): Promise<{ deliveries: SqliteDelivery[]; nextTimerAt: number | null }> {
    for (;;) {
      const look = this.#busy.has(params.queue) ? BUSY : await this.#look(params.queue);
      if (!look.work || params.max < 1) return { deliveries: [], nextTimerAt: look.nextTimerAt };
      const deliveries = await this.#lock(params);
      if (deliveries === null) return { deliveries: [], nextTimerAt: look.nextTimerAt };
      if (deliveries.length > 0) {
        this.#busy.add(params.queue);
        return { deliveries, nextTimerAt: null };
      }
      // Nothing there, only time's work to do, or another receiver was quicker: look again.
      this.#busy.delete(params.queue);
    }
  }

  /** Null when the signal fired while the operation waited for its turn: nobody would work on what it locks. */
  #lock(params: ReceiveParams): Promise<SqliteDelivery[] | null> {
    const { writer, broker, clock, jobs } = this.#parts;
    const { queue, max, lockMs = null, signal, begin } = params;
    return writer.write(() => {
      if (signal?.aborted === true) return null;
      const messages = broker.lock({ queue, max, lockMs, now: clock.now(), withoutBodies: true });
      const deliveries = messages.map((message) => new SqliteDelivery(this.#parts, queue, message));
      for (const delivery of deliveries) {
        const isBegun = begin !== undefined && jobs !== undefined && beginWithin(jobs, delivery, begin);
        if (!isBegun) void delivery.message.body;
      }
      return deliveries;
    });
  }

  /** Returns when there may be work, at the latest after `waitMs`. */
  async #waitForWork({ queue, signal }: ReceiveParams, waitMs: number): Promise<void> {
    const stop = new AbortController();
    const abort = (): void => stop.abort();
    signal?.addEventListener('abort', abort, { once: true });
    const changed = this.#parts.notice.changed({ waitMs, signal: stop.signal });
    try {
      // After the notice was asked for: what was committed since the look before this one would not be told.
      if ((await this.#look(queue)).work) stop.abort();
      await changed;
    } finally {
      stop.abort();
      signal?.removeEventListener('abort', abort);
    }
  }

  #look(queue: string): Promise<BrokerLook> {
    const { reader, broker, clock } = this.#parts;
    return reader.read(() => broker.look(queue, clock.now()));
  }
}

/** Saves the start of the delivery's job in the transaction that locks its message; false when nothing is to be begun. */
function beginWithin(jobs: JobTransaction, delivery: SqliteDelivery, begin: BeginAttempt): boolean {
  let stored: StoredJob | undefined;
  const change = begin(delivery, (jobId) => (stored = readStoredJob(jobs.db, jobId))?.job);
  if (change !== undefined && stored !== undefined) delivery.saved = saveKnownJob(jobs, change, stored);
  return delivery.saved !== undefined;
}

function brokerMessage(message: OutgoingMessage): BrokerMessage {
  return {
    queue: message.queue,
    messageId: message.messageId,
    body: message.body,
    properties: propertiesText(message.properties, message.messageId),
    rank: rankOf(message.priority ?? 'normal'),
    dueAt: message.notBefore ?? null,
    expiresAt: message.expiresAt ?? null,
  };
}

/** The broker's rank 0 goes out first. */
function rankOf(priority: Priority): number {
  return PRIORITIES.length - 1 - PRIORITIES.indexOf(priority);
}

function propertiesText(properties: MessageProps, messageId: string): string {
  for (const [name, value] of Object.entries(properties)) {
    // JSON would turn it into null.
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new AppError('INPUT_INVALID', `message ${messageId}: property ${name} must be a finite number, got ${value}`);
    }
  }
  return JSON.stringify(properties);
}
