// A link on which a client gets the answers of a node. Answers wait for its credit.

import type { Sender } from './rhea.js';

const MIXED = 2;

export class ReplyLink {
  readonly #link: Sender;
  readonly #waiting: Buffer[] = [];
  #tag = 0;
  #sent = 0;

  constructor(link: Sender) {
    this.#link = link;
    const { attach } = link.local;
    if (typeof link.snd_settle_mode === 'number') attach.snd_settle_mode = link.snd_settle_mode;
    if (typeof link.rcv_settle_mode === 'number') attach.rcv_settle_mode = link.rcv_settle_mode;
  }

  /** The address the client chose for itself. */
  get address(): string | undefined {
    return this.#link.target?.address ?? undefined;
  }

  isOn(session: object): boolean {
    return this.#link.session === session;
  }

  send(response: Buffer): void {
    this.#waiting.push(response);
    this.flowed();
  }

  /** There is room on the way to the client again. */
  wake(): void {
    this.flowed();
  }

  /** The client changed its credit. */
  flowed(): void {
    while (this.#waiting.length > 0 && this.#hasRoom()) {
      const response = this.#waiting.shift();
      if (response === undefined) return;
      const tag = Buffer.alloc(4);
      tag.writeUInt32BE(this.#tag++);
      const delivery = this.#link.send(response, tag, 0);
      this.#sent += 1;
      // An answer is not sent twice: where the client leaves the choice, it is settled at once.
      if ((this.#link.snd_settle_mode ?? MIXED) === MIXED) delivery.settled = true;
    }
  }

  #hasRoom(): boolean {
    const { session, credit, delivery_count: written } = this.#link;
    return this.#link.is_open() && credit - (this.#sent - written) > 0 && session.outgoing.deliveries.available() > 0;
  }
}
