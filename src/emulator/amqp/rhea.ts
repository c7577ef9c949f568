// What the emulator uses of rhea, with types of its own: rhea's are loose and leave out its internals. Everything marked
// `internal` is not part of rhea's interface; the version is pinned, and test/unit/emulator/amqp/rhea-internals.test.ts
// fails when one of them changes.

import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

import rheaContainer from 'rhea';
import rheaFrames from 'rhea/lib/frames.js';

/** A value with its AMQP type. */
export interface Typed {
  readonly type: { readonly typecode: number };
  readonly value: unknown;
  readonly descriptor?: Typed;
}

type Wrap<T> = (value: T) => Typed;

export interface AmqpError {
  readonly condition: string;
  readonly description: string;
}

/** A delivery state as it came: the fields of the outcome, each with its type. */
export interface RemoteState {
  readonly value: readonly (Typed | undefined)[];
}

export interface Delivery {
  readonly id: number;
  /** internal: written to, where rhea's own `update` would merge outcomes. */
  settled: boolean;
  /** internal: what the peer has done; a slot of the session is free when both sides have settled. */
  remote_settled: boolean;
  readonly remote_state: RemoteState | undefined;
}

interface LocalAttach {
  max_message_size?: number;
  snd_settle_mode?: number;
  rcv_settle_mode?: number;
}

interface Terminus {
  readonly address?: string | null;
  readonly filter?: Readonly<Record<string, unknown>> | null;
}

interface Link extends EventEmitter {
  /** internal: its key in the session's table. */
  name: string;
  readonly connection: Connection;
  readonly session: Session;
  readonly source: Terminus | null;
  readonly target: Terminus | null;
  readonly snd_settle_mode: number | null | undefined;
  readonly rcv_settle_mode: number | null | undefined;
  readonly local: { readonly attach: LocalAttach };
  credit: number;
  delivery_count: number;
  /** internal: makes the link write a flow at its next turn. */
  issue_flow: boolean;
  set_source(fields: object): void;
  set_target(fields: object): void;
  is_open(): boolean;
  is_receiver(): boolean;
  close(error?: AmqpError): void;
}

/** The link on which the peer sends. */
export interface Receiver extends Link {
  add_credit(credit: number): void;
  /** internal: the delivery whose frames are still coming in. */
  _incomplete: { readonly frames: readonly Buffer[]; settled: boolean } | undefined;
}

/** The link on which the peer receives. */
export interface Sender extends Link {
  /** internal: the peer asked for its credit to be used up or given back. */
  readonly _draining: boolean;
  /** internal: asked when a flow is written, whether it answers a drain. */
  _get_drain: () => boolean;
  send(message: Buffer, tag: Buffer, format: number): Delivery;
}

export interface Performative {
  value: (Typed | undefined)[];
}

export interface Frame<P> {
  readonly channel: number;
  readonly performative: P;
  readonly payload?: Buffer;
}

export interface TransferFrame extends Performative {
  readonly handle: number;
  message_format: number | null | undefined;
  readonly aborted: boolean | null | undefined;
  readonly delivery_id: number | null | undefined;
}

export interface DispositionFrame extends Performative {
  readonly role: boolean;
  readonly first: number;
  last: number | null | undefined;
  state: Typed | null | undefined;
}

export interface AttachFrame extends Performative {
  readonly name: string;
  readonly role: boolean;
  target: Typed | null | undefined;
}

interface Deliveries {
  available(): number;
  readonly size: number;
  get_head(): Delivery | undefined;
  by_id(id: number): Delivery | undefined;
}

export interface Session extends EventEmitter {
  readonly connection: Connection;
  /** internal */
  readonly links: Record<string, Sender | Receiver>;
  /** internal: rings of deliveries that are not settled by both sides. */
  readonly outgoing: { readonly deliveries: Deliveries; readonly updated: readonly Delivery[] };
  readonly incoming: { readonly deliveries: Deliveries; next_transfer_id: number };
  /** internal: by the peer's handle. */
  readonly remote: { readonly handles: Readonly<Record<number, Sender | Receiver>> };
  /** internal: handlers of frames, which the emulator puts its checks before. */
  on_transfer(frame: Frame<TransferFrame>): void;
  on_disposition(frame: Frame<DispositionFrame>): void;
  on_attach(frame: Frame<AttachFrame>): void;
  /** internal: writes a frame on the session's channel. */
  output(frame: object): void;
}

export interface Connection extends EventEmitter {
  readonly socket: Socket | undefined;
  accept(socket: Socket): unknown;
  close(error?: AmqpError): void;
  is_open(): boolean;
  /** internal: all bytes from the socket go through it. */
  input(bytes: Buffer): void;
  /** internal: writes what is due; called at the end of a turn after `_register`. */
  _process(): void;
  _register(): void;
  /** internal: the size of a frame that is incomplete yet. */
  readonly frame_size: number | undefined;
  /** internal: sessions by the broker's channel. */
  readonly local_channel_map: Readonly<Record<string, Session>>;
}

export interface Container extends EventEmitter {
  readonly sasl_server_mechanisms: Record<string, unknown> & {
    enable_anonymous(): void;
    enable_plain(check: (user: string | null, password: string | null) => boolean): void;
  };
  create_connection(options: object): Connection;
}

export interface EventContext {
  readonly session?: Session;
  readonly receiver?: Receiver;
  readonly sender?: Sender;
  readonly delivery?: Delivery;
  /** The payload, because the emulator has every transfer passed on undecoded. */
  readonly message?: unknown;
  readonly format?: number | null;
  readonly error?: unknown;
}

interface Reader {
  read(): Typed;
  remaining(): number;
  /** internal: the elements of a list or map, and those of an array. */
  read_n: (this: Reader, count: number) => unknown;
  read_array_items: (this: Reader, count: number, type: { readonly width: number }) => unknown;
}

interface Rhea {
  create_container(options: { readonly id: string }): Container;
  readonly types: {
    readonly Reader: { new (bytes: Buffer): Reader; readonly prototype: Reader };
    readonly Writer: new () => { write(value: Typed): void; toBuffer(): Buffer };
    unwrap(value: Typed): unknown;
    wrap: Wrap<unknown>;
    wrap_int: Wrap<number>;
    wrap_long: Wrap<number>;
    wrap_string: Wrap<string>;
    wrap_symbol: Wrap<string>;
    wrap_uuid: Wrap<Buffer>;
    wrap_binary: Wrap<Buffer>;
    wrap_list: Wrap<readonly unknown[]>;
    wrap_map: Wrap<Readonly<Record<string, unknown>>>;
    wrap_array(values: readonly unknown[], typecode: number): Typed;
    /** A type with a code, as arrays of it need. */
    readonly Long: { readonly typecode: number };
    readonly Timestamp: { readonly typecode: number };
  };
  readonly message: {
    encode(message: Readonly<Record<string, unknown>>): Buffer;
    accepted(): { described(): Typed };
    rejected(fields: { readonly error: AmqpError }): { described(): Typed };
  };
}

const rhea = rheaContainer as unknown as Rhea;

export const { types, message } = rhea;
export const createContainer = (id: string): Container => rhea.create_container({ id });
export const dispositionFrame = (fields: Readonly<Record<string, unknown>>): object => rheaFrames.disposition(fields);

/** The bytes of a value as it came or as it was wrapped. */
export function encoded(value: Typed): Buffer {
  const writer = new types.Writer();
  writer.write(value);
  return writer.toBuffer();
}

/** DecodeError-free only for bytes that were walked before. */
export function decoded(bytes: Buffer): Typed {
  return new types.Reader(bytes).read();
}

const LONGEST_EMPTY_ARRAY = 65_536;

/** rhea makes room for as many elements as a peer announces, before it has seen their bytes; of empty ones it needs none. */
function boundReader(reader: Reader): void {
  const { read_n: readElements, read_array_items: readItems } = reader;
  reader.read_n = function (count) {
    if (count > this.remaining()) throw new Error(`${count} elements are announced, ${this.remaining()} bytes are there`);
    return readElements.call(this, count);
  };
  reader.read_array_items = function (count, type) {
    if (count > (type.width === 0 ? LONGEST_EMPTY_ARRAY : this.remaining())) throw new Error(`an array of ${count} elements is announced, ${this.remaining()} bytes are there`);
    return readItems.call(this, count, type);
  };
}

boundReader(types.Reader.prototype);
