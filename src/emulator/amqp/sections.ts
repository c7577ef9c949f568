// The sections of an encoded message: where each one is.

import { endOfSoundValue } from './sound-value.js';
import { byteAt, CODES, DecodeError, endOfValue, textAt, unsignedAt } from './wire.js';

export const SECTIONS = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  properties: 0x73,
  applicationProperties: 0x74,
  data: 0x75,
  sequence: 0x76,
  value: 0x77,
  footer: 0x78,
} as const;

export interface Section {
  readonly code: number;
  /** Of the descriptor, of the value, and behind it. */
  readonly from: number;
  readonly valueAt: number;
  readonly end: number;
}

const SYMBOLS: Readonly<Record<string, number>> = {
  'amqp:header:list': SECTIONS.header,
  'amqp:delivery-annotations:map': SECTIONS.deliveryAnnotations,
  'amqp:message-annotations:map': SECTIONS.messageAnnotations,
  'amqp:properties:list': SECTIONS.properties,
  'amqp:application-properties:map': SECTIONS.applicationProperties,
  'amqp:data:binary': SECTIONS.data,
  'amqp:amqp-sequence:list': SECTIONS.sequence,
  'amqp:amqp-value:*': SECTIONS.value,
  'amqp:footer:map': SECTIONS.footer,
};

/** In the order they are in, which is checked. DecodeError. */
export function sectionsOf(bytes: Buffer): Section[] {
  const sections: Section[] = [];
  for (let at = 0; at < bytes.length; ) {
    const section = sectionAt(bytes, at);
    const previous = sections.at(-1);
    if (previous !== undefined && !mayFollow(previous.code, section.code)) {
      throw new DecodeError(`section 0x${section.code.toString(16)} must not follow section 0x${previous.code.toString(16)}`);
    }
    sections.push(section);
    at = section.end;
  }
  return sections;
}

function sectionAt(bytes: Buffer, at: number): Section {
  if (byteAt(bytes, at) !== CODES.described) throw new DecodeError(`expected a message section at byte ${at}`);
  const valueAt = endOfValue(bytes, at + 1);
  const code = descriptorAt(bytes, at + 1);
  if (code === undefined || code < SECTIONS.header || code > SECTIONS.footer) throw new DecodeError(`the section at byte ${at} is none of a message`);
  return { code, from: at, valueAt, end: endOfSoundValue(bytes, valueAt) };
}

function descriptorAt(bytes: Buffer, at: number): number | undefined {
  const symbol = textAt(bytes, at);
  return symbol === undefined ? (unsignedAt(bytes, at) ?? undefined) : SYMBOLS[symbol];
}

/** Data and sequences may be several; of the three kinds of body there is one. One library writes its footer before the body. */
function mayFollow(previous: number, next: number): boolean {
  if (previous === SECTIONS.footer) return isBody(next);
  if (previous === next) return next === SECTIONS.data || next === SECTIONS.sequence;
  const bothBodies = isBody(previous) && isBody(next);
  return next > previous && !bothBodies;
}

export function isBody(code: number): boolean {
  return code >= SECTIONS.data && code <= SECTIONS.value;
}
