// Message annotations: the sender's are kept in their bytes, the broker's own are added at delivery. The broker's names
// are the service's; a copy that a client sends back with them in it does not keep them.

import { SECTIONS, type Section } from './sections.js';
import { byteAt, CODES, compoundAt, DecodeError, endOfValue, textAt, timestampAt } from './wire.js';

/** Written at delivery, so never kept from a sender. */
const BROKERS_OWN: ReadonlySet<string> = new Set([
  'x-opt-sequence-number',
  'x-opt-enqueue-sequence-number',
  'x-opt-enqueued-time',
  'x-opt-locked-until',
  'x-opt-message-state',
  'x-opt-deadletter-source',
]);
const SCHEDULED_TIME = 'x-opt-scheduled-enqueue-time';

export interface Annotations {
  /** A section with what is kept, in pieces; none when nothing is. */
  readonly kept: Buffer[];
  readonly scheduledAt: number | undefined;
}

/** Keys are symbols; some clients write strings, and those are put right. DecodeError. */
export function readAnnotations(payload: Buffer, section: Section | undefined): Annotations {
  if (section === undefined || byteAt(payload, section.valueAt) === CODES.null) return { kept: [], scheduledAt: undefined };
  const { from, end, count } = compoundAt(payload, section.valueAt);
  const kept: Buffer[] = [];
  let scheduledAt: number | undefined;
  let at = from;
  for (let left = count; left >= 2; left -= 2) {
    const valueAt = endOfValue(payload, at);
    const next = endOfValue(payload, valueAt);
    const key = textAt(payload, at);
    if (key === undefined) throw new DecodeError('the key of a message annotation must be a symbol');
    if (key === SCHEDULED_TIME) scheduledAt = timestampAt(payload, valueAt);
    if (!BROKERS_OWN.has(key)) kept.push(withSymbolKey(payload.subarray(at, next)));
    at = next;
  }
  if (at !== end) throw new DecodeError('the message annotations do not end where they should');
  return { kept: kept.length === 0 ? [] : [sectionHead(kept.reduce((sum, { length }) => sum + length, 0), 2 * kept.length), ...kept], scheduledAt };
}

function withSymbolKey(entry: Buffer): Buffer {
  const code = byteAt(entry, 0);
  if (code !== CODES.string8 && code !== CODES.string32) return entry;
  const copy = Buffer.from(entry);
  copy[0] = code === CODES.string8 ? CODES.symbol8 : CODES.symbol32;
  return copy;
}

/** The bytes before the entries; `ANNOTATIONS_HEAD_BYTES` of them. */
export function sectionHead(bytes: number, count: number): Buffer {
  const head = Buffer.alloc(ANNOTATIONS_HEAD_BYTES);
  head.set([CODES.described, CODES.smallUlong, SECTIONS.messageAnnotations, CODES.map32], 0);
  head.writeUInt32BE(bytes + 4, 4);
  head.writeUInt32BE(count, 8);
  return head;
}

export const ANNOTATIONS_HEAD_BYTES = 12;

/** Of a message as it is kept: the sender's entries and their count, and where the bare message starts. */
export function keptAnnotations(body: Buffer): { readonly entries: Buffer; readonly count: number; readonly bareAt: number } {
  if (body[1] !== CODES.smallUlong || body[2] !== SECTIONS.messageAnnotations) return { entries: body.subarray(0, 0), count: 0, bareAt: 0 };
  const end = 8 + body.readUInt32BE(4);
  return { entries: body.subarray(ANNOTATIONS_HEAD_BYTES, end), count: body.readUInt32BE(8), bareAt: end };
}
