// One attachment to a queue: receives, and settles what it received. Attached once; when it breaks it is never received on
// again (sdk-internals.ts says why), and what it still holds is settled over the queue's management link.

import type { ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';

import { AppError, hasCode } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import { callSdk, callSdkInTime, type SdkCall } from './call-sdk.js';
import { createReceiver, type Entity } from './sdk-clients.js';
import { type AmqpLink, linkOfReceiver, waitForDrain, watchLink } from './sdk-internals.js';
import { type Outcome, SettlementQueue } from './settlement-queue.js';

/** What one message is under: it is settled through the link that brought it. */
export interface HeldMessage {
  readonly message: ServiceBusReceivedMessage;
  readonly link: ReceiverLink;
  /** Which one of the link's messages, from 0. */
  readonly ordinal: number;
}

export interface Settlement {
  readonly outcome: Outcome;
  readonly reason?: string;
  readonly description?: string;
}

export interface ReceiverLinkParts {
  readonly clock: Clock;
  readonly client: ServiceBusClient;
  readonly entity: Entity;
  /** Settles without a link of its own, over the management link. */
  readonly management: () => ServiceBusReceiver;
  /** For one call of the SDK. */
  readonly callTimeoutMs: number;
  readonly judge: Pick<SdkCall, 'ended' | 'isCutOff'>;
}

/** The SDK keeps 2,048 deliveries a link, in a ring: one that stays unsettled blocks all behind it. */
const RING = 1_800;
/** Of a receive whose wait was broken off: the broker answers at once. */
const TAKE_BACK_LIMIT_MS = 1_000;
const LAST_ANSWERS_MS = 20;

export class ReceiverLink {
  readonly entity: Entity;
  readonly client: ServiceBusClient;
  readonly #parts: ReceiverLinkParts;
  readonly #receiver: ServiceBusReceiver;
  readonly #settlements = new SettlementQueue();
  /** Not settled as far as the link knows, oldest first: what occupies its ring. */
  readonly #occupying = new Set<HeldMessage>();
  /** Not settled and not forgotten: what keeps the link open. */
  readonly #held = new Set<HeldMessage>();
  readonly #waitingForAnswer = new Set<(error: AppError) => void>();
  #received = 0;
  #amqp: AmqpLink | undefined;
  #answerMs = 1;
  #broken = false;
  #retired = false;
  #closed = false;

  constructor(parts: ReceiverLinkParts) {
    this.#parts = parts;
    this.entity = parts.entity;
    this.client = parts.client;
    this.#receiver = createReceiver(parts.client, parts.entity);
  }

  /** How many more messages fit; 0 when the link is not to be received on any more. */
  get room(): number {
    if (this.#retired || this.#broken || (this.#amqp !== undefined && !this.#amqp.is_open())) return 0;
    const [oldest] = this.#occupying;
    return Math.max(0, RING - (oldest === undefined ? 0 : this.#received - oldest.ordinal));
  }

  /** How long the broker takes to answer, by the newest settlements. */
  get answerMs(): number {
    return this.#answerMs;
  }

  /** Known to be attached: from its first receive until it breaks. */
  get isOpen(): boolean {
    return this.#amqp?.is_open() === true;
  }

  /**
   * Up to `max` messages as soon as there are that many, or what has come `waitMs` after the call or a second after the
   * first message; none when the signal fires, but for a message that was on its way. No credit is left at the broker
   * afterwards. On any failure the link is not to be received on any more. The call that opens the link does not listen
   * to the signal: it should not wait long.
   */
  async receive({ max, waitMs, signal }: { max: number; waitMs: number; signal?: AbortSignal }): Promise<HeldMessage[]> {
    if (this.room === 0) throw new AppError('SB_UNREACHABLE', 'the link to the queue was lost');
    const brokenOff = this.isOpen ? signal : undefined;
    try {
      const messages = await this.#ask(max, waitMs, brokenOff);
      this.#watch();
      return messages.map((message) => this.#hold(message));
    } catch (error) {
      this.#break();
      if (brokenOff?.aborted === true) return [];
      throw error;
    }
  }

  /**
   * Resolves when the broker has carried it out. LOCK_LOST; SB_UNREACHABLE or SB_TIMEOUT when nobody knows whether it was
   * carried out: it can be tried again.
   */
  async settle(held: HeldMessage, settlement: Settlement): Promise<void> {
    try {
      await this.#settlements.settle(settlement.outcome, async () => {
        await (this.isAttached ? this.#overLink(held, settlement) : this.#overManagement(held, settlement));
      });
    } catch (error) {
      if (!hasCode(error, 'LOCK_LOST')) throw error;
      this.#ended(held);
      throw error;
    }
    this.#ended(held);
  }

  /** Nobody settles it any more; its lock ends by itself. */
  forget(held: HeldMessage): void {
    this.#held.delete(held);
    if (this.#retired && this.#held.size === 0) this.#close();
  }

  /** Receives no more; closes when nothing is held. */
  retire(): void {
    this.#retired = true;
    if (this.#held.size === 0) this.#close();
  }

  async #ask(max: number, waitMs: number, signal: AbortSignal | undefined): Promise<ServiceBusReceivedMessage[]> {
    const limitMs = waitMs + this.#parts.callTimeoutMs;
    try {
      return await this.#receiveCall({ max, waitMs, limitMs, signal });
    } catch (error) {
      if (signal?.aborted !== true || !this.isOpen) throw error;
      // The credit of the broken-off wait is still at the broker: it is taken back, and with it what it may have
      // brought. Nothing came in between, since no event of the connection is handled before this next call listens.
      return await this.#receiveCall({ max: 1, waitMs: 1, limitMs: TAKE_BACK_LIMIT_MS, signal: undefined });
    }
  }

  async #receiveCall({ max, waitMs, limitMs, signal }: { max: number; waitMs: number; limitMs: number; signal: AbortSignal | undefined }): Promise<ServiceBusReceivedMessage[]> {
    const stop = new AbortController();
    // While it takes its credit back it is about to end by itself. Broken off then, the SDK would close the link, and what
    // is on its way would stay locked until its lock ends.
    const brokenOff = (): void => void (this.#amqp?.drain !== true && stop.abort());
    signal?.addEventListener('abort', brokenOff, { once: true });
    if (signal?.aborted === true) brokenOff();
    try {
      return await this.#callInTime('receive', limitMs, (overdue) => {
        overdue.addEventListener('abort', () => stop.abort(), { once: true });
        // Breaking off while the connection is being made leaves the SDK with two sockets for one connection.
        const abort = this.isOpen ? { abortSignal: stop.signal } : {};
        const receiving = this.#receiver.receiveMessages(max, { maxWaitTimeInMs: waitMs, ...abort });
        waitForDrain(this.#receiver, this.#parts.callTimeoutMs);
        return receiving;
      });
    } finally {
      signal?.removeEventListener('abort', brokenOff);
    }
  }

  async #overLink({ message }: HeldMessage, settlement: Settlement): Promise<void> {
    const from = this.#parts.clock.monotonic();
    await callSdk(this.#sdkCall(settlement.outcome), () => this.#untilLost(settleThrough(this.#receiver, message, settlement)));
    this.#answerMs += (this.#parts.clock.monotonic() - from - this.#answerMs) / 8;
  }

  async #overManagement({ message }: HeldMessage, settlement: Settlement): Promise<void> {
    await this.#callInTime(settlement.outcome, this.#parts.callTimeoutMs, () => settleThrough(this.#parts.management(), message, settlement));
  }

  /** An answer that was on its way when the link was lost never comes: the SDK would wait for it until its time is up. */
  #untilLost(settling: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waitingForAnswer.add(reject);
      void settling.then(resolve, reject).finally(() => this.#waitingForAnswer.delete(reject));
    });
  }

  #callInTime<T>(operation: string, limitMs: number, call: (overdue: AbortSignal) => Promise<T>): Promise<T> {
    return callSdkInTime(this.#sdkCall(operation), { clock: this.#parts.clock, limitMs }, call);
  }

  #sdkCall(operation: string): SdkCall {
    return { operation, queue: this.entity.queue, ...this.#parts.judge };
  }

  /** What it holds can be settled over it. */
  get isAttached(): boolean {
    return this.#amqp === undefined ? !this.#broken : this.#amqp.is_open();
  }

  #watch(): void {
    if (this.#amqp !== undefined) return;
    this.#amqp = linkOfReceiver(this.#receiver);
    if (this.#amqp !== undefined) watchLink(this.#amqp, () => void this.#lost());
  }

  /** An answer that came together with the end of the link is told a moment later. */
  async #lost(): Promise<void> {
    this.#break();
    await this.#parts.clock.sleep(LAST_ANSWERS_MS);
    const error = new AppError('SB_UNREACHABLE', 'the link to the queue was lost before the broker answered');
    for (const reject of this.#waitingForAnswer) reject(error);
    this.#waitingForAnswer.clear();
  }

  /** Its credit may still be at the broker: only closing takes it away. What is held is settled without the link. */
  #break(): void {
    this.#broken = true;
    this.#close();
  }

  #hold(message: ServiceBusReceivedMessage): HeldMessage {
    const held = { message, link: this, ordinal: this.#received };
    this.#received += 1;
    this.#occupying.add(held);
    this.#held.add(held);
    return held;
  }

  #ended(held: HeldMessage): void {
    this.#occupying.delete(held);
    this.forget(held);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // In the background: closing can wait for an answer of a broker that is gone.
    this.#receiver.close().catch(() => undefined);
  }
}

/** Writes the outcome before it first waits. */
function settleThrough(receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage, { outcome, reason, description }: Settlement): Promise<void> {
  if (outcome === 'complete') return receiver.completeMessage(message);
  return receiver.deadLetterMessage(message, { deadLetterReason: reason ?? '', deadLetterErrorDescription: description ?? '' });
}
