// One hand-out of a Service Bus queue: the message and what can be done with it while its lock holds.

import { firstCharacters, MAX_DESCRIPTION } from '../../domain/dead-letters/first-characters.js';
import { AppError, hasCode } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { DeadLetterReason, Delivery, ReceivedMessage } from '../../ports/message-queue.js';
import { receivedMessage } from './incoming-message.js';
import { lockedUntil } from './lock-time.js';
import type { HeldMessage, Settlement } from './receiver-link.js';
import type { ReceiverLinks } from './receiver-links.js';
import { withRetry } from './with-retry.js';

export interface DeliveryParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly links: ReceiverLinks;
  /** Of the queue, if its settings are known. */
  readonly lockMs: number | undefined;
  /** How long a settlement is tried again. */
  readonly settleBudgetMs: number;
}

export class ServiceBusDelivery implements Delivery {
  readonly queue: string;
  readonly message: ReceivedMessage;
  readonly queueMode = 'service_bus';
  readonly isCompleted = false;
  readonly lockedUntil: number;
  readonly #parts: DeliveryParts;
  readonly #held: HeldMessage;
  /** As last told by the broker. */
  #lockedUntil: number;
  #ended = false;

  constructor(parts: DeliveryParts, held: HeldMessage) {
    this.queue = held.link.entity.queue;
    this.message = receivedMessage(held.message);
    this.#parts = parts;
    this.#held = held;
    this.#lockedUntil = this.#localTime(held.message.lockedUntilUtc);
    this.lockedUntil = this.#lockedUntil;
  }

  complete(): Promise<void> {
    return this.#settle({ outcome: 'complete' });
  }

  deadLetter({ reason, description }: DeadLetterReason): Promise<void> {
    return this.#settle({ outcome: 'dead-letter', reason, description: firstCharacters(description, MAX_DESCRIPTION) });
  }

  async renewLock(): Promise<number> {
    if (this.#ended) throw this.#lockLost();
    const told = await withRetry(() => this.#parts.links.renew(this.#held.message), this.#retry('renew a lock'));
    this.#lockedUntil = this.#localTime(told);
    return this.#lockedUntil;
  }

  /**
   * Leaves the message alone: it comes again when its lock ends, which may be minutes, counted as one more hand-out.
   * Service Bus could only put it back at once ("abandon"), for the same receiver to take it in the next millisecond,
   * until the queue's limit of hand-outs buries it.
   */
  async release(_delayMs: number): Promise<void> {
    if (this.#ended) throw this.#lockLost();
    this.#ended = true;
    // Also when the lock is over: the link stays open for what it believes to be held.
    this.#held.link.forget(this.#held);
    if (this.#parts.clock.now() >= this.#lockedUntil) throw this.#lockLost();
  }

  /** A try that failed without an answer can be made again; whether it had its effect shows in a LOCK_LOST. */
  async #settle(settlement: Settlement): Promise<void> {
    if (this.#ended) throw this.#lockLost();
    this.#ended = true;
    try {
      await withRetry(() => this.#held.link.settle(this.#held, settlement), this.#retry(settlement.outcome));
    } catch (error) {
      this.#ended = hasCode(error, 'LOCK_LOST');
      throw error;
    }
  }

  #retry(operation: string): Parameters<typeof withRetry>[1] {
    const { clock, random, settleBudgetMs } = this.#parts;
    return { clock, random, budgetMs: settleBudgetMs, operation, queue: this.queue };
  }

  #localTime(told: Date | undefined): number {
    return lockedUntil({ told: told?.getTime(), lockMs: this.#parts.lockMs, now: this.#parts.clock.now() });
  }

  #lockLost(): AppError {
    return new AppError('LOCK_LOST', `message ${this.message.brokerSequence} of queue ${this.queue}: its lock was lost or it was settled before`);
  }
}
