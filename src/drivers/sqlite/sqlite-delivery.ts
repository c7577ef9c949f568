// One hand-out of the SQLite queue: the message and what can be done with it while its lock holds.

import { firstCharacters, MAX_DESCRIPTION } from '../../domain/dead-letters/first-characters.js';
import { hasCode } from '../../domain/errors.js';
import type { Job } from '../../domain/job.js';
import type { Clock } from '../../ports/clock.js';
import type { DeadLetterReason, Delivery, MessageProps, ReceivedMessage } from '../../ports/message-queue.js';
import type { Broker } from './broker/broker.js';
import type { LockedMessage, LockRef } from './broker/broker-message.js';
import type { StoredJob } from './job-transaction.js';
import type { Writer } from './writer.js';

export interface SettlementParts {
  readonly writer: Writer;
  readonly broker: Broker;
  readonly clock: Clock;
}

export class SqliteDelivery implements Delivery {
  readonly queueMode = 'local';
  readonly queue: string;
  readonly message: SqliteMessage;
  readonly lockedUntil: number;
  readonly #parts: SettlementParts;
  readonly #ref: LockRef;
  readonly #lockMs: number;
  #isCompleted = false;
  /** What the attempt that began with this hand-out last saved of its job. */
  saved: StoredJob | undefined;

  constructor(parts: SettlementParts, queue: string, locked: LockedMessage) {
    this.queue = queue;
    this.message = new SqliteMessage(parts.broker, locked);
    this.lockedUntil = locked.lockedUntil;
    this.#parts = parts;
    this.#ref = { queue, seq: locked.seq, token: locked.token };
    this.#lockMs = locked.lockMs;
  }

  /** Whether it is this broker's, in this broker's file. */
  isOf(broker: Broker): boolean {
    return this.#parts.broker === broker;
  }

  get isCompleted(): boolean {
    return this.#isCompleted;
  }

  get begun(): Job | undefined {
    return this.saved?.job;
  }

  /**
   * Completes inside an operation of the same file's writer, after that operation's own writes: false, and nothing is
   * written, when the lock is lost. Call `committed` when the transaction is.
   */
  completeWithin(): boolean {
    try {
      this.#parts.broker.complete(this.#ref, this.#parts.clock.now());
      return true;
    } catch (error) {
      if (!hasCode(error, 'LOCK_LOST')) throw error;
      return false;
    }
  }

  committed(): void {
    this.#isCompleted = true;
  }

  complete(): Promise<void> {
    const { writer, broker, clock } = this.#parts;
    return writer.write(() => broker.complete(this.#ref, clock.now()));
  }

  deadLetter({ reason, description }: DeadLetterReason): Promise<void> {
    const { writer, broker, clock } = this.#parts;
    const why = { reason, description: firstCharacters(description, MAX_DESCRIPTION) };
    return writer.write(() => broker.deadLetter(this.#ref, why, clock.now()));
  }

  renewLock(): Promise<number> {
    const { writer, broker, clock } = this.#parts;
    return writer.write(() => broker.renew(this.#ref, this.#lockMs, clock.now()));
  }

  release(delayMs: number): Promise<void> {
    const { writer, broker, clock } = this.#parts;
    return writer.write(() => {
      const now = clock.now();
      broker.release(this.#ref, delayMs > 0 ? now + delayMs : null, now);
    });
  }
}

class SqliteMessage implements ReceivedMessage {
  readonly messageId: string;
  readonly properties: MessageProps;
  readonly brokerSequence: string;
  readonly enqueuedAt: number;
  readonly expiresAt: number | null;
  readonly deliveryCount: number;
  readonly #broker: Broker;
  readonly #seq: number;
  #body: Uint8Array | undefined;

  constructor(broker: Broker, locked: LockedMessage) {
    this.messageId = locked.messageId;
    this.properties = JSON.parse(locked.properties) as MessageProps;
    this.brokerSequence = String(locked.seq);
    this.enqueuedAt = locked.enqueuedAt;
    this.expiresAt = locked.expiresAt;
    this.deliveryCount = locked.deliveryCount;
    this.#broker = broker;
    this.#seq = locked.seq;
  }

  /** Read when first asked for: inside the hand-out, unless an attempt was begun, which needs only the stored job. Empty when the message is gone. */
  get body(): Uint8Array {
    return (this.#body ??= this.#broker.body(this.#seq) ?? new Uint8Array());
  }
}
