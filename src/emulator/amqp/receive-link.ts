// A link on which a client receives from a queue: its credit, its drains, its deliveries and how they are settled.

import { DEAD_LETTER_SUFFIX, type SubQueue } from '../broker/entity.js';
import type { Settlement } from '../broker/settle.js';
import type { HeldLock, TakenMessage } from '../broker/stored-message.js';
import type { TakeMode } from '../broker/take.js';
import { CONDITIONS, entityDisabled, refusalError } from './conditions.js';
import type { AmqpContext } from './context.js';
import type { Dispositions } from './dispositions.js';
import { deliveryTag } from './lock-tokens.js';
import { type OutcomeName, settlementOf } from './outcomes.js';
import { writeMessage } from './outgoing-message.js';
import type { Pump, Taker } from './pump.js';
import type { AmqpError, Delivery, Sender } from './rhea.js';

const SETTLED = 1;
/** A client that does not read gets no more than this; what is under way to it is locked. */
const MOST_UNREAD_BYTES = 16 * 1024 * 1024;
const NO_TAG_BYTES = 16;
const SLOW_MS = 500;

export class ReceiveLink implements Taker {
  readonly queue: SubQueue;
  readonly #link: Sender;
  readonly #context: AmqpContext;
  readonly #dispositions: Dispositions;
  readonly #pump: Pump;
  readonly #mode: TakeMode;
  readonly #locks = new Map<Delivery, HeldLock>();
  /** Deliveries handed to rhea; it counts only what it has written. */
  #sent = 0;
  #draining = false;

  constructor(link: Sender, parts: { readonly queue: SubQueue; readonly context: AmqpContext; readonly dispositions: Dispositions }) {
    this.#link = link;
    this.queue = parts.queue;
    this.#context = parts.context;
    this.#dispositions = parts.dispositions;
    const { attach } = link.local;
    if (typeof link.snd_settle_mode === 'number') attach.snd_settle_mode = link.snd_settle_mode;
    if (typeof link.rcv_settle_mode === 'number') attach.rcv_settle_mode = link.rcv_settle_mode;
    attach.max_message_size = this.queue.entity.description.maxMessageBytes;
    this.#mode = link.snd_settle_mode === SETTLED ? 'receive-and-delete' : 'peek-lock';
    this.#pump = this.#context.pumps.of(this.queue, this.#mode);
    this.#pump.add(this);
    // Asked while a flow is being written, after the messages that came before it.
    link._get_drain = () => this.#answersDrain();
  }

  /** The client changed its credit. */
  flowed(): void {
    this.#draining = this.#link._draining;
    this.#pump.wake();
  }

  /** There is room on the way to the client again. */
  wake(): void {
    this.#pump.wake();
  }

  /** Credit that is not used by messages on their way to the socket, as far as there is room for them. */
  room(): number {
    const { session, connection } = this.#link;
    if (!this.#link.is_open() || this.#refusal() !== null) return 0;
    if ((connection.socket?.writableLength ?? 0) > MOST_UNREAD_BYTES) return 0;
    const credit = this.#link.credit - (this.#sent - this.#link.delivery_count);
    return Number.isFinite(credit) ? Math.max(0, Math.min(credit, session.outgoing.deliveries.available())) : 0;
  }

  give(message: TakenMessage): boolean {
    if (this.room() === 0) return false;
    const { lock } = message;
    const tag = lock === null ? Buffer.alloc(NO_TAG_BYTES) : deliveryTag(lock.token);
    const delivery = this.#link.send(writeMessage(message, lock?.lockedUntil ?? null), tag, 0);
    this.#sent += 1;
    if (lock !== null) this.#locks.set(delivery, lock);
    return true;
  }

  satisfied(): void {
    if (!this.#draining || !this.#link.is_open()) return;
    this.#link.issue_flow = true;
    this.#link.connection._register();
  }

  /** The client has decided about a delivery, or has let go of it. Never throws. */
  settled(outcome: OutcomeName, delivery: Delivery): void {
    const lock = this.#locks.get(delivery);
    if (lock === undefined) return;
    this.#locks.delete(delivery);
    void this.#settle(outcome, delivery, lock).catch((error: unknown) => {
      this.#context.log.error({ err: error, queue: this.queue.entity.description.name }, 'a message could not be settled');
      this.#dispositions.settle('outgoing', delivery, { condition: CONDITIONS.internal, description: 'The outcome could not be stored.' });
    });
  }

  close(error: AmqpError): void {
    if (this.#link.is_open()) this.#link.close(error);
  }

  /** The link is gone. Its locks stay until they end, as in the service: their holder can settle them by other ways. */
  detached(): void {
    this.#pump.remove(this);
    this.#locks.clear();
  }

  async #settle(outcome: OutcomeName, delivery: Delivery, lock: HeldLock): Promise<void> {
    const { faults, clock } = this.#context;
    if (faults.draw('drop-connection')) return void this.#link.connection.socket?.destroy();
    const error = await this.#apply(lock, settlementOf(outcome, delivery.remote_state));
    if (faults.draw('lost-reply')) return void this.#link.connection.socket?.destroy();
    if (faults.draw('detach-link')) this.close({ condition: CONDITIONS.detachForced, description: 'The link was detached on request.' });
    if (faults.draw('slow')) await clock.sleep(SLOW_MS);
    this.#dispositions.settle('outgoing', delivery, error);
    this.#pump.wake();
  }

  /** Null: done. */
  async #apply(lock: HeldLock, settlement: Settlement): Promise<AmqpError | null> {
    const { broker, faults } = this.#context;
    const refused = this.#refusal();
    if (refused !== null) return refused;
    if (faults.draw('lose-lock')) {
      await broker.settle(lock, { kind: 'abandon', changes: null });
      return refusalError('lock-lost');
    }
    const refusal = await broker.settle(lock, settlement);
    return refusal === undefined ? null : refusalError(refusal);
  }

  #refusal(): AmqpError | null {
    const { status, name } = this.queue.entity.description;
    const address = this.queue.kind === 'messages' ? name : `${name}/${DEAD_LETTER_SUFFIX}`;
    return status === 'Disabled' || status === 'ReceiveDisabled' ? entityDisabled(address) : null;
  }

  /** Uses up what credit is left and says so; also when none is left, which rhea by itself does not answer. */
  #answersDrain(): boolean {
    const written = this.#sent === this.#link.delivery_count;
    if (!this.#draining || !written) return false;
    this.#draining = false;
    this.#link.delivery_count += this.#link.credit;
    this.#sent = this.#link.delivery_count;
    this.#link.credit = 0;
    return true;
  }
}
