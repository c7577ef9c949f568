// Opens a link that a client attaches, or refuses it: its address, its rights, the state of its queue.

import { DEAD_LETTER_SUFFIX, type SubQueue } from '../broker/entity.js';
import type { AccessRight } from '../sas/access-key.js';
import { CBS_NODE, type EntityAddress, entityAddress, isCbs } from './address.js';
import { putToken } from './cbs.js';
import { CONDITIONS, entityDisabled, entityNotFound, SERVER_BUSY, unauthorized } from './conditions.js';
import type { IncomingLink, LinkRouter, OutgoingLink, RouterParts } from './link-router.js';
import { manage } from './management.js';
import { ReceiveLink } from './receive-link.js';
import { ReplyLink } from './reply-link.js';
import { RequestLink, type RequestNode } from './request-link.js';
import type { AmqpError, Receiver, Sender } from './rhea.js';
import { SendLink } from './send-link.js';
import { COORDINATOR_NODE } from './transactions.js';

const ANY_RIGHT: readonly AccessRight[] = ['Send', 'Listen', 'Manage'];
const SESSION_FILTER = 'com.microsoft:session-filter';

/** Null: refused, and the client is told why. */
export function openIncoming(link: Receiver, parts: RouterParts, router: LinkRouter): IncomingLink | null {
  echoTermini(link);
  const address = link.target?.address ?? '';
  if (address === COORDINATOR_NODE) return refuse(link, { condition: CONDITIONS.notImplemented, description: 'Transactions are not offered here.' });
  if (isCbs(address)) {
    const node: RequestNode = {
      mayFail: false,
      answer: (request) => {
        const response = putToken(request, parts.authorisation, parts.context);
        parts.authorised();
        return response;
      },
      replyLink: (request) => router.replyLink(CBS_NODE, request, link.session),
    };
    return { kind: 'node', queue: null, address, rights: [], ...requestLink(link, node, parts) };
  }
  const found = findQueue(address, parts);
  if ('condition' in found) return refuse(link, found);
  return found.management ? openManagement(link, found, { parts, router, address }) : openSend(link, found, parts, address);
}

export function openOutgoing(link: Sender, parts: RouterParts): OutgoingLink | null {
  echoTermini(link);
  const address = link.source?.address ?? '';
  const close = (error: AmqpError): void => {
    if (link.is_open()) link.close(error);
  };
  if (isCbs(address)) return { kind: 'node', queue: null, address, rights: [], node: CBS_NODE, served: new ReplyLink(link), close };
  const found = findQueue(address, parts);
  if ('condition' in found) return refuse(link, found);
  const { queue, management } = found;
  if (management) return openReplies(link, queue, { parts, address, close });
  const refused = mayReceive(link, queue, parts, address);
  if (refused !== null) return refuse(link, refused);
  const served = new ReceiveLink(link, { queue, context: parts.context, dispositions: parts.dispositionsOf(link.session) });
  return { kind: 'receive', queue, address, rights: ['Listen'], node: null, served, close };
}

interface FoundQueue {
  readonly queue: SubQueue;
  readonly management: boolean;
}

function findQueue(text: string, { context }: RouterParts): FoundQueue | AmqpError {
  const address: EntityAddress | undefined = entityAddress(text);
  const entity = address && context.broker.entity(address.name);
  if (address === undefined || entity === undefined) return entityNotFound(text);
  return { queue: address.kind === 'letters' ? entity.letters : entity.messages, management: address.management };
}

/** One name per node, whatever way its address is written. */
function nodeOf(queue: SubQueue): string {
  return `${queue.coreName}/$management`;
}

type LinkParts = { readonly parts: RouterParts; readonly router: LinkRouter; readonly address: string };

function openManagement(link: Receiver, { queue }: FoundQueue, { parts, router, address }: LinkParts): IncomingLink | null {
  const { context, authorisation } = parts;
  const allows = (right: AccessRight): boolean => authorisation.allows(address, [right], context.clock.now());
  if (!ANY_RIGHT.some(allows)) return refuse(link, unauthorized('Manage', address));
  const node: RequestNode = {
    mayFail: true,
    answer: (request) => manage(request, { queue, context, allows }),
    replyLink: (request) => router.replyLink(nodeOf(queue), request, link.session),
  };
  return { kind: 'node', queue, address, rights: ANY_RIGHT, ...requestLink(link, node, parts) };
}

function openSend(link: Receiver, { queue }: FoundQueue, parts: RouterParts, address: string): IncomingLink | null {
  const { context } = parts;
  const { status, name } = queue.entity.description;
  if (!parts.authorisation.allows(address, ['Send'], context.clock.now())) return refuse(link, unauthorized('Send', address));
  if (queue.kind === 'letters') return refuse(link, { condition: CONDITIONS.notAllowed, description: `Nothing can be sent to ${name}/${DEAD_LETTER_SUFFIX}.` });
  if (status === 'Disabled' || status === 'SendDisabled') return refuse(link, entityDisabled(name));
  const served = new SendLink(link, { queue, context, dispositions: parts.dispositionsOf(link.session) });
  return { kind: 'send', queue, address, rights: ['Send'], receive: (event) => served.receive(event), close: (error) => served.close(error) };
}

function openReplies(
  link: Sender,
  queue: SubQueue,
  { parts, address, close }: { readonly parts: RouterParts; readonly address: string; readonly close: (error: AmqpError) => void },
): OutgoingLink | null {
  const allowed = parts.authorisation.allows(address, ANY_RIGHT, parts.context.clock.now());
  if (!allowed) return refuse(link, unauthorized('Manage', address));
  return { kind: 'node', queue, address, rights: ANY_RIGHT, node: nodeOf(queue), served: new ReplyLink(link), close };
}

function mayReceive(link: Sender, queue: SubQueue, { context, authorisation }: RouterParts, address: string): AmqpError | null {
  const { status, name } = queue.entity.description;
  if (!authorisation.allows(address, ['Listen'], context.clock.now())) return unauthorized('Listen', address);
  if (status === 'Disabled' || status === 'ReceiveDisabled') return entityDisabled(name);
  if (link.source?.filter?.[SESSION_FILTER] !== undefined) {
    return { condition: CONDITIONS.notAllowed, description: `A sessionful receiver cannot be created on ${name}, which does not require sessions.` };
  }
  return context.faults.draw('server-busy') ? SERVER_BUSY : null;
}

function requestLink(link: Receiver, node: RequestNode, { context, dispositionsOf }: RouterParts): Pick<IncomingLink, 'receive' | 'close'> {
  const served = new RequestLink(link, { node, context, dispositions: dispositionsOf(link.session) });
  return { receive: (event) => served.receive(event), close: (error) => served.close(error) };
}

function echoTermini(link: Receiver | Sender): void {
  link.set_source({ address: link.source?.address ?? null });
  link.set_target({ address: link.target?.address ?? null });
}

function refuse(link: Receiver | Sender, error: AmqpError): null {
  link.close(error);
  return null;
}
