// Application properties that were changed after the sender wrote them: by a receiver that gave the message back, or by
// its dead-lettering. Only what changes is written anew; the other entries keep their bytes.

import type { Envelope } from '../broker/stored-message.js';
import { SECTIONS, sectionsOf } from './sections.js';
import { byteAt, CODES, compoundAt, DecodeError, endOfValue, textAt } from './wire.js';

export const DEAD_LETTER_REASON = 'DeadLetterReason';
export const DEAD_LETTER_DESCRIPTION = 'DeadLetterErrorDescription';

/** The bare message with the envelope's changes in it; the same bytes when there are none. */
export function withChanges(bare: Buffer, envelope: Envelope): Buffer {
  const entries = changedEntries(envelope);
  if (entries.size === 0) return bare;
  const sections = sectionsOf(bare);
  const present = sections.find(({ code }) => code === SECTIONS.applicationProperties);
  const merged = new Map(present === undefined ? [] : entriesOf(bare, present.valueAt));
  for (const [key, value] of entries) merged.set(key, value);
  const at = present?.from ?? sections.find(({ code }) => code > SECTIONS.applicationProperties)?.from ?? bare.length;
  return Buffer.concat([bare.subarray(0, at), mapSection([...merged]), bare.subarray(present?.end ?? at)]);
}

/** A map of changed properties as it is kept: base64 of an AMQP map. Null: it has no entries. DecodeError. */
export function keepChanges(map: Buffer, leaveOut: readonly string[] = []): string | null {
  const entries = entriesOf(map, 0).filter(([key, value]) => !leaveOut.includes(key) && value[0] !== CODES.null);
  return entries.length === 0 ? null : encodedMap(entries).toString('base64');
}

type Entry = readonly [key: string, value: Buffer];

function changedEntries({ changes, reason, description }: Envelope): Map<string, Buffer> {
  const entries = new Map<string, Buffer>();
  for (const change of changes ?? []) for (const [key, value] of entriesOf(Buffer.from(change, 'base64'), 0)) entries.set(key, value);
  if (reason !== undefined) entries.set(DEAD_LETTER_REASON, encodedText(reason));
  if (description !== undefined) entries.set(DEAD_LETTER_DESCRIPTION, encodedText(description));
  return entries;
}

/** Of a map at this offset. Keys may be strings or symbols. */
export function entriesOf(bytes: Buffer, mapAt: number): Entry[] {
  if (byteAt(bytes, mapAt) === CODES.null) return [];
  const { from, count } = compoundAt(bytes, mapAt);
  const entries: Entry[] = [];
  let at = from;
  for (let left = count; left >= 2; left -= 2) {
    const valueAt = endOfValue(bytes, at);
    const next = endOfValue(bytes, valueAt);
    const key = textAt(bytes, at);
    if (key === undefined) throw new DecodeError('the key of a property must be text');
    entries.push([key, bytes.subarray(valueAt, next)]);
    at = next;
  }
  return entries;
}

function mapSection(entries: readonly Entry[]): Buffer {
  return Buffer.concat([Buffer.from([CODES.described, CODES.smallUlong, SECTIONS.applicationProperties]), encodedMap(entries)]);
}

function encodedMap(entries: readonly Entry[]): Buffer {
  const content = Buffer.concat(entries.flatMap(([key, value]) => [encodedText(key), value]));
  const head = Buffer.alloc(9);
  head[0] = CODES.map32;
  head.writeUInt32BE(content.length + 4, 1);
  head.writeUInt32BE(2 * entries.length, 5);
  return Buffer.concat([head, content]);
}

function encodedText(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  const head = Buffer.alloc(5);
  head[0] = CODES.string32;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}
