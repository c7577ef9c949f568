// A link on which a client sends to a queue. A message is accepted after its commit; credit comes back with the answer,
// so a client can have no more in flight than the link's window.

import type { SubQueue } from '../broker/entity.js';
import { CONDITIONS, entityDisabled, refusalError, SERVER_BUSY, tooLarge } from './conditions.js';
import type { AmqpContext } from './context.js';
import type { Dispositions } from './dispositions.js';
import { PLAIN_FORMAT } from './guard-session.js';
import { readTransfer } from './incoming-message.js';
import type { AmqpError, Delivery, EventContext, Receiver } from './rhea.js';
import { DecodeError } from './wire.js';

const WINDOW = 500;
/** Credit is given back in steps, so that not every message costs a flow frame. */
const CREDIT_STEP = WINDOW / 4;
const SLOW_MS = 500;

export class SendLink {
  readonly queue: SubQueue;
  readonly #link: Receiver;
  readonly #context: AmqpContext;
  readonly #dispositions: Dispositions;
  #owedCredit = 0;

  constructor(link: Receiver, parts: { readonly queue: SubQueue; readonly context: AmqpContext; readonly dispositions: Dispositions }) {
    this.#link = link;
    this.queue = parts.queue;
    this.#context = parts.context;
    this.#dispositions = parts.dispositions;
    const { attach } = link.local;
    attach.max_message_size = this.queue.entity.description.maxMessageBytes;
    if (typeof link.snd_settle_mode === 'number') attach.snd_settle_mode = link.snd_settle_mode;
    // The broker settles as soon as it has stored: it offers no second step.
    attach.rcv_settle_mode = 0;
    link.add_credit(WINDOW);
  }

  /** One transfer. Never throws. */
  receive({ message, format, delivery }: EventContext): void {
    if (delivery === undefined || !Buffer.isBuffer(message)) return;
    void this.#accept(message, format === PLAIN_FORMAT ? 0 : (format ?? 0), delivery).catch((error: unknown) => {
      this.#context.log.error({ err: error, queue: this.queue.entity.description.name }, 'a message could not be stored');
      this.#answer(delivery, { condition: CONDITIONS.internal, description: 'The message could not be stored.' });
    });
  }

  close(error: AmqpError): void {
    if (this.#link.is_open()) this.#link.close(error);
  }

  async #accept(payload: Buffer, format: number, delivery: Delivery): Promise<void> {
    const { faults, clock } = this.#context;
    if (this.#strike()) return;
    const error = await this.#store(payload, format);
    if (error === null && faults.draw('lost-reply')) {
      this.#link.connection.socket?.destroy();
      return;
    }
    if (faults.draw('slow')) await clock.sleep(SLOW_MS);
    this.#answer(delivery, error);
  }

  /** Null: stored. */
  async #store(payload: Buffer, format: number): Promise<AmqpError | null> {
    const { broker, faults } = this.#context;
    const { description } = this.queue.entity;
    if (!this.#link.is_open()) return { condition: CONDITIONS.detachForced, description: 'The link is closed.' };
    if (description.status === 'Disabled' || description.status === 'SendDisabled') return entityDisabled(description.name);
    if (payload.length > description.maxMessageBytes) return tooLarge(payload.length, description.maxMessageBytes);
    if (faults.draw('server-busy')) return SERVER_BUSY;
    try {
      const stored = await broker.accept(this.queue, readTransfer(payload, format));
      return typeof stored === 'string' ? refusalError(stored) : null;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return { condition: CONDITIONS.decode, description: error.message };
    }
  }

  /** Faults on request: true when the message is gone with the connection or the link. */
  #strike(): boolean {
    const { faults } = this.#context;
    if (faults.draw('drop-connection')) {
      this.#link.connection.socket?.destroy();
      return true;
    }
    if (!faults.draw('detach-link')) return false;
    this.close({ condition: CONDITIONS.detachForced, description: 'The link was detached on request.' });
    return true;
  }

  #answer(delivery: Delivery, error: AmqpError | null): void {
    this.#dispositions.settle('incoming', delivery, error);
    this.#owedCredit += 1;
    if (this.#owedCredit < CREDIT_STEP || !this.#link.is_open()) return;
    this.#link.add_credit(this.#owedCredit);
    this.#owedCredit = 0;
  }
}
