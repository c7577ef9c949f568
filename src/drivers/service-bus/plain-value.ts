// Values of AMQP's types, as the SDK hands them out, in the types of JSON: for people to read and for expressions to
// compare. Properties of types that JSON lacks are shown as text.

import Long from 'long';

import type { Json } from '../../domain/json.js';
import type { MessageProps } from '../../ports/message-queue.js';

/** Only simple values are allowed in application properties. */
export function plainProperties(properties: Readonly<Record<string, unknown>> | undefined): MessageProps {
  const entries = Object.entries(properties ?? {}).map(([name, value]): [string, MessageProps[string]] => {
    const plain = plainValue(value);
    return [name, typeof plain === 'object' && plain !== null ? JSON.stringify(plain) : plain];
  });
  return Object.fromEntries(entries);
}

export function plainValue(value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  // Infinity and NaN are values of AMQP's double.
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Uint8Array) return plainBytes(value);
  if (Array.isArray(value)) return value.map(plainValue);
  return typeof value === 'object' ? plainObject(value) : typeof value;
}

/** A UUID comes as its 16 bytes, a long beyond 2^53 as its 8; other bytes are shown in base64. */
function plainBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length === 8) return String(buffer.readBigInt64BE());
  if (buffer.length !== 16) return buffer.toString('base64');
  return buffer.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A Long, a value with its type around it, or a map. */
function plainObject(value: object): Json {
  if (Long.isLong(value)) return value.toString();
  if ('typecode' in value && 'value' in value) return plainValue(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainValue(inner)]));
}
