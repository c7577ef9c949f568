// Checks in front of rhea's handlers of a session's frames, for what rhea takes on trust: ranges of deliveries, credit,
// sizes, formats. Everything here touches internals of rhea; rhea.ts says which.

import { CONDITIONS } from './conditions.js';
import { type AttachFrame, type Connection, decoded, type DispositionFrame, type Frame, type Receiver, type Session, type TransferFrame } from './rhea.js';
import { COORDINATOR_TARGET, isCoordinator } from './transactions.js';

/**
 * Stands for message format 0: rhea decodes that format and drops the bytes, any other it passes on. So bodies and
 * properties are kept as they were sent, and a message that cannot be decoded is refused instead of ending the connection.
 */
export const PLAIN_FORMAT = 0xffff_fff0;

export function guardSession(session: Session): void {
  guardTransfers(session);
  guardDispositions(session);
  guardAttaches(session);
}

function guardTransfers(session: Session): void {
  const receive = session.on_transfer.bind(session);
  session.on_transfer = (frame) => {
    if (isCut(session)) return;
    tellOutcomes(session.connection);
    const link = session.remote.handles[frame.performative.handle];
    if (link === undefined || !isReceiver(link)) return receive(frame);
    const begun = link._incomplete;
    if (begun !== undefined && frame.performative.aborted === true) return abort(session, link, begun);
    if (begun === undefined) {
      // AMQP 1.0, 2.7.5: mandatory in the first frame of a delivery. rhea would take none for the number it waits for.
      if (typeof frame.performative.delivery_id !== 'number') throw new Error('a delivery began without a delivery-id');
      keepBytes(frame);
      if (link.credit <= 0) refuseOverrun(link);
    }
    // rhea takes a frame without a payload for one without a message.
    const payload = begun !== undefined && isOverLimit(link) ? undefined : frame.payload;
    receive({ ...frame, payload: payload ?? Buffer.alloc(0) });
  };
}

/**
 * rhea tells of outcomes at the end of a turn and of messages at once. A client that sets a message aside and asks for it
 * in its next frame must find it there, also when both frames come in one piece.
 */
function tellOutcomes(connection: Connection): void {
  for (const session of Object.values(connection.local_channel_map)) {
    if (session.outgoing.updated.length > 0) return connection._process();
  }
}

/** What came in one piece with the frame that cut the connection did not arrive. */
function isCut({ connection }: Session): boolean {
  return connection.socket?.destroyed === true;
}

/** The peer takes back a delivery that it has begun; rhea would wait for the rest of it. */
function abort(session: Session, link: Receiver, begun: { settled: boolean }): void {
  begun.settled = true;
  link._incomplete = undefined;
  session.incoming.next_transfer_id += 1;
  session.connection._register();
}

function keepBytes({ performative }: Frame<TransferFrame>): void {
  const format = performative.message_format ?? 0;
  if (format === 0) performative.message_format = PLAIN_FORMAT;
}

/** rhea would only print a line. The message still arrives at the link, which refuses it because it is closed. */
function refuseOverrun(link: Receiver): void {
  link.credit = 1;
  link.close({ condition: CONDITIONS.transferLimit, description: 'A message was sent without credit.' });
}

/** More than the link takes has come in already: the rest is not kept, and the link refuses the message by its size. */
function isOverLimit(link: Receiver): boolean {
  const limit = link.local.attach.max_message_size;
  const frames = link._incomplete?.frames ?? [];
  return limit !== undefined && frames.reduce((sum, { length }) => sum + length, 0) > limit;
}

/**
 * rhea looks at every id of the range, of which there may be 2^32, and takes an id before the oldest one it knows for
 * another delivery. Only ids that are in its ring reach it.
 */
function guardDispositions(session: Session): void {
  const receive = session.on_disposition.bind(session);
  session.on_disposition = (frame) => {
    if (isCut(session)) return;
    const { performative } = frame;
    const { deliveries } = performative.role ? session.outgoing : session.incoming;
    const oldest = deliveries.get_head()?.id;
    if (oldest === undefined) return;
    const first = Math.max(performative.first, oldest);
    const last = Math.min(performative.last ?? performative.first, oldest + deliveries.size - 1);
    if (last >= first) receive({ ...frame, performative: narrowed(performative, first, last) });
  };
}

function narrowed(performative: DispositionFrame, first: number, last: number): DispositionFrame {
  return Object.assign(performative, { first, last });
}

function guardAttaches(session: Session): void {
  const receive = session.on_attach.bind(session);
  session.on_attach = (frame: Frame<AttachFrame>) => {
    // rhea would drop a target of this kind, and with it what the link is refused for.
    if (isCoordinator(frame.performative.target)) frame.performative.target = decoded(COORDINATOR_TARGET);
    makeRoomForName(session, frame.performative);
    receive(frame);
  };
}

/**
 * A name stands for one link in each direction; rhea knows one link by a name. The link of the other direction is kept
 * under a name that no peer gives, which nothing but rhea's table uses once the link is attached.
 */
function makeRoomForName({ links }: Session, { name, role }: AttachFrame): void {
  const [own, other] = role ? ['outgoing', 'incoming'] : ['incoming', 'outgoing'];
  if (links[hiddenName(name, own)] !== undefined) throw new Error(`the link ${JSON.stringify(name)} is attached already`);
  const link = links[name];
  // The peer's role is the opposite of the link's here.
  if (link === undefined || link.is_receiver() !== role) return;
  delete links[name];
  link.name = hiddenName(name, other);
  links[link.name] = link;
}

function hiddenName(name: string, direction: string): string {
  return `${name}\u0000${direction}`;
}

function isReceiver(link: { is_receiver(): boolean }): link is Receiver {
  return link.is_receiver();
}
