// A link on which a client sends requests to a node that answers: $cbs, or the management of a queue.

import type { FaultKind } from '../faults.js';
import { CONDITIONS } from './conditions.js';
import type { AmqpContext } from './context.js';
import type { Dispositions } from './dispositions.js';
import { readRequest, type Request, type Response, writeResponse } from './request.js';
import type { AmqpError, EventContext, Receiver } from './rhea.js';
import { DecodeError } from './wire.js';

const WINDOW = 100;
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
const SLOW_MS = 500;

export interface RequestNode {
  /** Faults on request strike here. Not while a client shows its token: the official SDK then waits a minute for the answer. */
  readonly mayFail: boolean;
  answer(request: Request): Promise<Response> | Response;
  /** The link that carries the answer; undefined: the client has none. */
  replyLink(request: Request): { send(response: Buffer): void } | undefined;
}

export class RequestLink {
  readonly #link: Receiver;
  readonly #node: RequestNode;
  readonly #context: AmqpContext;
  readonly #dispositions: Dispositions;

  constructor(link: Receiver, parts: { readonly node: RequestNode; readonly context: AmqpContext; readonly dispositions: Dispositions }) {
    this.#link = link;
    this.#node = parts.node;
    this.#context = parts.context;
    this.#dispositions = parts.dispositions;
    const { attach } = link.local;
    attach.max_message_size = MAX_REQUEST_BYTES;
    if (typeof link.snd_settle_mode === 'number') attach.snd_settle_mode = link.snd_settle_mode;
    attach.rcv_settle_mode = 0;
    link.add_credit(WINDOW);
  }

  /** Never throws. */
  receive({ message, delivery }: EventContext): void {
    if (delivery === undefined || !Buffer.isBuffer(message) || !this.#link.is_open()) return;
    this.#link.add_credit(1);
    if (message.length > MAX_REQUEST_BYTES) {
      this.#dispositions.settle('incoming', delivery, { condition: CONDITIONS.messageSize, description: 'The request is too large.' });
      return;
    }
    try {
      const request = readRequest(message);
      this.#dispositions.settle('incoming', delivery, null);
      void this.#answer(request);
    } catch (error) {
      const description = error instanceof DecodeError ? error.message : 'The request cannot be read.';
      this.#dispositions.settle('incoming', delivery, { condition: CONDITIONS.decode, description });
    }
  }

  close(error: AmqpError): void {
    if (this.#link.is_open()) this.#link.close(error);
  }

  async #answer(request: Request): Promise<void> {
    const { clock, log } = this.#context;
    const { socket } = this.#link.connection;
    try {
      if (this.#strikes('drop-connection')) return void socket?.destroy();
      const response = await this.#node.answer(request);
      if (this.#strikes('lost-reply')) return void socket?.destroy();
      if (this.#strikes('slow')) await clock.sleep(SLOW_MS);
      this.#node.replyLink(request)?.send(writeResponse(request, response));
    } catch (error) {
      log.error({ err: error }, 'a request could not be answered');
      this.close({ condition: CONDITIONS.internal, description: 'The request could not be answered.' });
    }
  }
  #strikes(kind: FaultKind): boolean {
    return this.#node.mayFail && this.#context.faults.draw(kind);
  }
}
