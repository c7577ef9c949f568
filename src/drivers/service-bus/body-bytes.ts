// The body of a received message as bytes. AMQP has three kinds: data, which is bytes and what nearly everybody sends; a
// value; and sequences of values. Bytes are handed on exactly, values as text or JSON.

import type { ServiceBusReceivedMessage } from '@azure/service-bus';

import { plainValue } from './plain-value.js';

export function bodyBytes({ body, _rawAmqpMessage: raw }: Pick<ServiceBusReceivedMessage, 'body' | '_rawAmqpMessage'>): Uint8Array {
  const content: unknown = body;
  if (content instanceof Uint8Array) return content;
  // Several data sections are one body in pieces.
  if (raw.bodyType === 'data' && isListOfBytes(content)) return Buffer.concat(content);
  if (content === undefined || content === null) return new Uint8Array();
  if (typeof content === 'string') return Buffer.from(content, 'utf8');
  return Buffer.from(JSON.stringify(plainValue(content)) ?? '', 'utf8');
}

function isListOfBytes(content: unknown): content is Uint8Array[] {
  return Array.isArray(content) && content.every((piece) => piece instanceof Uint8Array);
}
