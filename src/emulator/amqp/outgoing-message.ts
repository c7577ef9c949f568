// Writes a kept message for a receiver: a fresh header and annotations before the sender's own bytes.

import type { StoredMessage } from '../broker/stored-message.js';
import { ANNOTATIONS_HEAD_BYTES, keptAnnotations, sectionHead } from './annotations.js';
import { withChanges } from './application-properties.js';
import { uuidBytes } from './lock-tokens.js';
import { SECTIONS } from './sections.js';
import { CODES } from './wire.js';

const DEFAULT_PRIORITY = 4;
const LARGEST_UINT = 0xffff_ffff;

/**
 * `lockedUntil`: null for a message that is looked at, or taken for good. `token`: for one that is handed out without a
 * delivery tag. Clients of some languages look for the lock in the message then (`x-opt-lock-token`), not beside it.
 */
export function writeMessage(message: StoredMessage, lockedUntil: number | null, token: string | null = null): Buffer {
  const body = asBuffer(message.body);
  const kept = keptAnnotations(body);
  const own = ownAnnotations(message, lockedUntil);
  const bare = withChanges(body.subarray(kept.bareAt), message.envelope);
  const head = sectionHead(kept.entries.length + own.bytes.length, kept.count + 2 * own.entries);
  const delivery = token === null ? [] : [DELIVERY_ANNOTATIONS_HEAD, LOCK_TOKEN, Buffer.from([CODES.uuid]), uuidBytes(token)];
  return Buffer.concat([header(message), ...delivery, head, kept.entries, own.bytes, bare]);
}

/** About how large it will be, for splitting work. */
export function writtenSize(message: StoredMessage): number {
  return message.body.length + ANNOTATIONS_HEAD_BYTES + 200;
}

/** Written in full: clients of some languages cannot read one without a delivery count. */
function header({ envelope, expiresAt, enqueuedAt, deliveryCount }: StoredMessage): Buffer {
  const ttlMs = envelope.ttlMs ?? (expiresAt === null ? null : expiresAt - enqueuedAt);
  const ttl = ttlMs === null ? Buffer.from([CODES.null]) : uint(Math.min(Math.max(ttlMs, 0), LARGEST_UINT));
  const fields = Buffer.concat([
    Buffer.from([envelope.durable === true ? CODES.true : CODES.false, CODES.ubyte, envelope.priority ?? DEFAULT_PRIORITY]),
    ttl,
    Buffer.from([CODES.false]),
    uint(deliveryCount),
  ]);
  return Buffer.concat([Buffer.from([CODES.described, CODES.smallUlong, SECTIONS.header, CODES.list8, fields.length + 1, 5]), fields]);
}

function uint(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = CODES.uint;
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

const SEQUENCE_NUMBER = symbol('x-opt-sequence-number');
const FIRST_NUMBER = symbol('x-opt-enqueue-sequence-number');
const ENQUEUED_TIME = symbol('x-opt-enqueued-time');
const LOCKED_UNTIL = symbol('x-opt-locked-until');
const STATE = symbol('x-opt-message-state');
const LOCK_TOKEN = symbol('x-opt-lock-token');
/** A map of one entry: its size counts the byte with the number of keys and values, the key, and the value with its code. */
const DELIVERY_ANNOTATIONS_HEAD = Buffer.from([CODES.described, CODES.smallUlong, SECTIONS.deliveryAnnotations, CODES.map8, 1 + LOCK_TOKEN.length + 17, 2]);

/** The service's numbers; a message under a lock is shown as active. */
const STATE_NUMBERS = { active: 0, locked: 0, deferred: 1, scheduled: 2 } as const;

function ownAnnotations(message: StoredMessage, lockedUntil: number | null): { readonly bytes: Buffer; readonly entries: number } {
  const { number, envelope, enqueuedAt, state } = message;
  const pieces = [
    SEQUENCE_NUMBER,
    eightBytes(CODES.long, number),
    FIRST_NUMBER,
    eightBytes(CODES.long, envelope.firstNumber ?? number),
    ENQUEUED_TIME,
    eightBytes(CODES.timestamp, enqueuedAt),
    STATE,
    Buffer.from([CODES.int, 0, 0, 0, STATE_NUMBERS[envelope.deferred === true && state !== 'scheduled' ? 'deferred' : state]]),
  ];
  if (lockedUntil !== null) pieces.push(LOCKED_UNTIL, eightBytes(CODES.timestamp, lockedUntil));
  return { bytes: Buffer.concat(pieces), entries: pieces.length / 2 };
}

function eightBytes(code: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = code;
  bytes.writeBigInt64BE(BigInt(value), 1);
  return bytes;
}

function symbol(name: string): Buffer {
  return Buffer.concat([Buffer.from([CODES.symbol8, name.length]), Buffer.from(name, 'ascii')]);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
