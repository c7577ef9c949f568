// The links of one connection: which events go where, and what ends when.

import type { SubQueue } from '../broker/entity.js';
import type { AccessRight } from '../sas/access-key.js';
import type { Authorisation } from './authorisation.js';
import { unauthorized } from './conditions.js';
import type { AmqpContext } from './context.js';
import type { Dispositions } from './dispositions.js';
import { openIncoming, openOutgoing } from './open-link.js';
import { ReceiveLink } from './receive-link.js';
import { ReplyLink } from './reply-link.js';
import type { AmqpError, EventContext, Receiver, Sender, Session } from './rhea.js';

/** `node`: requests and their answers. */
export type LinkKind = 'send' | 'receive' | 'node';

/** What an open link is for, and what its client must be allowed to. */
export interface ServedLink {
  readonly kind: LinkKind;
  readonly queue: SubQueue | null;
  /** As the client wrote it. */
  readonly address: string;
  /** One of them; none: everybody may. */
  readonly rights: readonly AccessRight[];
  close(error: AmqpError): void;
}

export interface IncomingLink extends ServedLink {
  receive(context: EventContext): void;
}

export interface OutgoingLink extends ServedLink {
  readonly served: ReceiveLink | ReplyLink;
  /** Of the node that answers on it. */
  readonly node: string | null;
}

export interface RouterParts {
  readonly context: AmqpContext;
  readonly authorisation: Authorisation;
  /** A token was shown. */
  readonly authorised: () => void;
  readonly dispositionsOf: (session: Session) => Dispositions;
}

const OUTCOMES = ['accepted', 'rejected', 'released', 'modified', 'settled'] as const;

export class LinkRouter {
  readonly #parts: RouterParts;
  readonly #incoming = new Map<Receiver, IncomingLink>();
  readonly #outgoing = new Map<Sender, OutgoingLink>();

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  listen(on: (event: string, handler: (context: EventContext) => void) => void): void {
    on('receiver_open', ({ receiver }) => receiver && this.#open(this.#incoming, receiver, openIncoming(receiver, this.#parts, this)));
    on('sender_open', ({ sender }) => sender && this.#open(this.#outgoing, sender, openOutgoing(sender, this.#parts)));
    on('message', (context) => context.receiver && this.#incoming.get(context.receiver)?.receive(context));
    on('sender_flow', ({ sender }) => sender && this.#outgoing.get(sender)?.served.flowed());
    for (const outcome of OUTCOMES) {
      on(outcome, ({ sender, delivery }) => {
        const served = sender && this.#outgoing.get(sender)?.served;
        if (served instanceof ReceiveLink && delivery !== undefined) served.settled(outcome, delivery);
      });
    }
    on('receiver_close', ({ receiver }) => receiver && this.#incoming.delete(receiver));
    on('sender_close', ({ sender }) => sender && this.#forget(sender));
    on('session_close', ({ session }) => session && this.#closeSession(session));
  }

  /** Where the answers of a node go: the link the request names, else the one of its session. */
  replyLink(node: string, request: { readonly replyTo: string | undefined }, session: Session): ReplyLink | undefined {
    const links = [...this.#outgoing.values()].flatMap(({ served, node: of }) => (of === node && served instanceof ReplyLink ? [served] : []));
    return links.find(({ address }) => address !== undefined && address === request.replyTo) ?? links.find((link) => link.isOn(session)) ?? links[0];
  }

  /** The client reads again. */
  wake(): void {
    for (const { served } of this.#outgoing.values()) served.wake();
  }

  closeLinks(queue: SubQueue, closing: readonly LinkKind[], error: AmqpError): void {
    for (const link of this.#all()) if (link.queue === queue && closing.includes(link.kind)) link.close(error);
  }

  closeForbidden(now: number): void {
    for (const link of this.#all()) {
      const [right] = link.rights;
      if (right !== undefined && !this.#parts.authorisation.allows(link.address, link.rights, now)) link.close(unauthorized(right, link.address));
    }
  }

  /** The socket is closed. */
  closeAll(): void {
    for (const sender of [...this.#outgoing.keys()]) this.#forget(sender);
    this.#incoming.clear();
  }

  #open<L extends object, S extends ServedLink>(links: Map<L, S>, link: L, served: S | null): void {
    if (served !== null) links.set(link, served);
  }

  #forget(sender: Sender): void {
    const served = this.#outgoing.get(sender)?.served;
    if (served instanceof ReceiveLink) served.detached();
    this.#outgoing.delete(sender);
  }

  #closeSession(session: Session): void {
    for (const sender of [...this.#outgoing.keys()]) if (sender.session === session) this.#forget(sender);
    for (const receiver of [...this.#incoming.keys()]) if (receiver.session === session) this.#incoming.delete(receiver);
  }

  #all(): ServedLink[] {
    return [...this.#incoming.values(), ...this.#outgoing.values()];
  }
}

