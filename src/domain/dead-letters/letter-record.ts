// A dead letter as one line of JSON, byte for byte: what the trash keeps and `dlq export` writes.

import { AppError } from '../errors.js';
import type { Json, JsonObject } from '../json.js';
import { MESSAGE_HEADERS, type MessageHeaders } from '../message-headers.js';

export type LetterProperties = Readonly<Record<string, string | number | boolean | null>>;

/** A dead letter as the broker shows it. */
export interface LetterRecord {
  readonly queue: string;
  readonly sequenceNumber: string;
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly properties: LetterProperties;
  readonly reason: string | null;
  readonly description: string | null;
  readonly enqueuedAt: number;
  readonly deadLetteredAt: number | null;
  readonly deliveryCount: number;
  readonly headers?: MessageHeaders;
}

/** One line without its end. A body that is UTF-8 is written as text, any other in base64; both read back to the same bytes. */
export function printLetterLine(letter: LetterRecord): string {
  const text = utf8Text(letter.body);
  return JSON.stringify({
    queue: letter.queue,
    sequenceNumber: letter.sequenceNumber,
    messageId: letter.messageId,
    reason: letter.reason,
    description: letter.description,
    enqueuedAt: new Date(letter.enqueuedAt).toISOString(),
    deadLetteredAt: letter.deadLetteredAt === null ? null : new Date(letter.deadLetteredAt).toISOString(),
    deliveryCount: letter.deliveryCount,
    properties: letter.properties,
    headers: letter.headers,
    bodyEncoding: text === undefined ? 'base64' : 'utf8',
    body: text ?? Buffer.from(letter.body).toString('base64'),
  });
}

/** INPUT_INVALID when the line is not one that printLetterLine wrote. */
export function parseLetterLine(line: string): LetterRecord {
  const value = parseObject(line);
  const body = textOf(value, 'body');
  const encoding = textOf(value, 'bodyEncoding');
  return {
    queue: textOf(value, 'queue'),
    sequenceNumber: textOf(value, 'sequenceNumber'),
    messageId: textOf(value, 'messageId'),
    reason: textOrNull(value, 'reason'),
    description: textOrNull(value, 'description'),
    enqueuedAt: instantOf(value, 'enqueuedAt'),
    deadLetteredAt: value['deadLetteredAt'] === null ? null : instantOf(value, 'deadLetteredAt'),
    deliveryCount: numberOf(value, 'deliveryCount'),
    properties: propertiesOf(value),
    ...headersOf(value),
    body: new Uint8Array(Buffer.from(body, encoding === 'base64' ? 'base64' : 'utf8')),
  };
}

/** The text, or undefined when the bytes are not valid UTF-8. A byte order mark stays: the text must encode to the same bytes. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Lines written before there were any have none; names of a newer version are left out. */
function headersOf(value: JsonObject): { readonly headers?: MessageHeaders } {
  const given = value['headers'];
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw fault('headers', 'an object', given);
  const headers = given as JsonObject;
  const known = MESSAGE_HEADERS.filter((name) => headers[name] !== undefined);
  return { headers: Object.fromEntries(known.map((name) => [name, textOf(headers, name)])) };
}

function parseObject(line: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(line) as Json;
  } catch (error) {
    throw new AppError('INPUT_INVALID', 'expected a dead letter as a line of JSON', { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new AppError('INPUT_INVALID', 'expected a dead letter as a JSON object');
}

function textOf(value: JsonObject, key: string): string {
  const text = value[key];
  if (typeof text === 'string') return text;
  throw fault(key, 'a text', text);
}

function textOrNull(value: JsonObject, key: string): string | null {
  return value[key] === null ? null : textOf(value, key);
}

function numberOf(value: JsonObject, key: string): number {
  const number = value[key];
  if (typeof number === 'number') return number;
  throw fault(key, 'a number', number);
}

function instantOf(value: JsonObject, key: string): number {
  const at = Date.parse(textOf(value, key));
  if (!Number.isNaN(at)) return at;
  throw fault(key, 'an ISO 8601 time', value[key]);
}

function propertiesOf(value: JsonObject): LetterProperties {
  const properties = value['properties'];
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) throw fault('properties', 'an object', properties);
  for (const [key, item] of Object.entries(properties as JsonObject)) {
    if (typeof item === 'object' && item !== null) throw fault(`properties.${key}`, 'a text, number, boolean or null', item);
  }
  return properties as LetterProperties;
}

function fault(key: string, expected: string, got: Json | undefined): AppError {
  const shown = got === undefined ? 'nothing' : JSON.stringify(got).slice(0, 40);
  return new AppError('INPUT_INVALID', `dead letter: ${key} must be ${expected}, got ${shown}`);
}
