// Reads what a sender sent into what the broker keeps: header and delivery annotations are taken apart, everything from
// the properties on is kept byte for byte.

import { randomUUID } from 'node:crypto';

import type { Envelope, IncomingMessage } from '../broker/stored-message.js';
import { readAnnotations } from './annotations.js';
import { SECTIONS, type Section, sectionsOf } from './sections.js';
import { binaryAt, booleanAt, byteAt, CODES, compoundAt, DecodeError, elementsOf, endOfValue, textAt, unsignedAt } from './wire.js';

/** One transfer that carries several messages, each a data section; its other sections repeat the first message's. */
export const BATCH_FORMAT = 0x80013700;

const MAX_ID_LENGTH = 128;

/** The messages of one transfer. DecodeError. */
export function readTransfer(payload: Buffer, format: number): IncomingMessage[] {
  if (format === 0) return [readMessage(payload)];
  if (format !== BATCH_FORMAT) throw new DecodeError(`message format ${format} is not known`);
  const messages = sectionsOf(payload)
    .filter(({ code }) => code === SECTIONS.data)
    .map(({ valueAt }) => readMessage(binaryAt(payload, valueAt) ?? Buffer.alloc(0)));
  if (messages.length === 0) throw new DecodeError('the batch has no messages');
  return messages;
}

/** DecodeError. */
export function readMessage(payload: Buffer): IncomingMessage {
  const sections = sectionsOf(payload);
  const find = (code: number): Section | undefined => sections.find((section) => section.code === code);
  const header = readHeader(payload, find(SECTIONS.header));
  const annotations = readAnnotations(payload, find(SECTIONS.messageAnnotations));
  const bare = sections.find(({ code }) => code >= SECTIONS.properties);
  const properties = withMessageId(payload, find(SECTIONS.properties));
  const rest = payload.subarray(properties.end ?? bare?.from ?? payload.length);
  return {
    messageId: properties.messageId,
    envelope: header.envelope,
    body: Buffer.concat([...annotations.kept, ...properties.bytes, rest]),
    ttlMs: header.ttlMs,
    dueAt: annotations.scheduledAt ?? null,
  };
}

function readHeader(payload: Buffer, section: Section | undefined): { envelope: Envelope; ttlMs: number | null } {
  if (section === undefined) return { envelope: {}, ttlMs: null };
  const fields = elementsOf(payload, section.valueAt);
  const [durable, priority, ttl] = fields;
  const importance = priority === undefined ? null : unsignedAt(payload, priority);
  return {
    envelope: {
      ...(durable !== undefined && booleanAt(payload, durable) ? { durable: true } : {}),
      ...(importance === null ? {} : { priority: importance }),
    },
    ttlMs: ttl === undefined ? null : unsignedAt(payload, ttl),
  };
}

interface IdentifiedProperties {
  readonly messageId: string;
  /** The properties section, in pieces. */
  readonly bytes: Buffer[];
  /** Where the rest of the message starts; undefined: it had no such section. */
  readonly end?: number;
}

/** A message without an id gets one: receivers name messages by it, and one SDK cannot settle without. */
function withMessageId(payload: Buffer, section: Section | undefined): IdentifiedProperties {
  const made = randomUUID().replaceAll('-', '');
  const encoded = Buffer.concat([Buffer.from([CODES.string8, made.length]), Buffer.from(made)]);
  if (section === undefined) return { messageId: made, bytes: [propertiesWith([encoded], 1)] };
  const { from, end, count } = compoundAt(payload, section.valueAt);
  if (count === 0) return { messageId: made, bytes: [propertiesWith([encoded], 1)], end: section.end };
  const afterFirst = endOfValue(payload, from);
  if (byteAt(payload, from) === CODES.null) {
    return { messageId: made, bytes: [propertiesWith([encoded, payload.subarray(afterFirst, end)], count)], end: section.end };
  }
  const messageId = messageIdAt(payload, from);
  if (messageId.length > MAX_ID_LENGTH) throw new DecodeError(`a message id has at most ${MAX_ID_LENGTH} characters, got ${messageId.length}`);
  return { messageId, bytes: [payload.subarray(section.from, section.end)], end: section.end };
}

function propertiesWith(fields: readonly Buffer[], count: number): Buffer {
  const size = fields.reduce((sum, { length }) => sum + length, 4);
  const head = Buffer.alloc(12);
  head.set([CODES.described, CODES.smallUlong, SECTIONS.properties, CODES.list32], 0);
  head.writeUInt32BE(size, 4);
  head.writeUInt32BE(count, 8);
  return Buffer.concat([head, ...fields]);
}

/** As text, whatever its type: that is how ids are compared. */
function messageIdAt(payload: Buffer, at: number): string {
  const text = textAt(payload, at);
  if (text !== undefined) return text;
  const code = byteAt(payload, at);
  if (code === CODES.uuid) return payload.toString('hex', at + 1, at + 17);
  const binary = binaryAt(payload, at);
  return binary === undefined ? String(unsignedAt(payload, at)) : binary.toString('hex');
}
