// The fields of management requests, in the types that clients of different languages write them in.

import { uuidText } from './lock-tokens.js';
import { plainValue } from './request.js';
import { DecodeError, textAt } from './wire.js';

type Fields = ReadonlyMap<string, Buffer>;

export function numberField(fields: Fields, name: string): number {
  const value = optionalNumberField(fields, name);
  if (value === undefined) throw new DecodeError(`the request needs ${name}`);
  return value;
}

export function optionalNumberField(fields: Fields, name: string): number | undefined {
  const bytes = fields.get(name);
  const value = bytes === undefined ? undefined : plainValue(bytes);
  return value === undefined || value === null ? undefined : asNumber(value, name);
}

/** An array or a list of numbers. */
export function numbersField(fields: Fields, name: string): number[] {
  return listField(fields, name).map((value) => asNumber(value, name));
}

/** An array or a list of UUIDs, as text. */
export function tokensField(fields: Fields, name: string): string[] {
  return listField(fields, name).map((value) => {
    if (Buffer.isBuffer(value) && value.length === 16) return uuidText(value);
    throw new DecodeError(`${name} must be UUIDs`);
  });
}

export function textField(fields: Fields, name: string): string | undefined {
  const bytes = fields.get(name);
  return bytes === undefined ? undefined : textAt(bytes, 0);
}

/** A list of maps, each as its fields. */
export function mapsField(fields: Fields, name: string, read: (map: Readonly<Record<string, unknown>>) => Buffer): Buffer[] {
  return listField(fields, name).map((value) => {
    if (typeof value !== 'object' || value === null) throw new DecodeError(`${name} must be maps`);
    return read(value as Readonly<Record<string, unknown>>);
  });
}

function listField(fields: Fields, name: string): unknown[] {
  const bytes = fields.get(name);
  const value = bytes === undefined ? undefined : plainValue(bytes);
  if (!Array.isArray(value)) throw new DecodeError(`the request needs ${name}, an array`);
  return value;
}

/** Integers beyond 2^53 come as eight bytes. No message has such a number, so their exact value does not matter. */
function asNumber(value: unknown, name: string): number {
  if (typeof value === 'number') return value;
  if (Buffer.isBuffer(value) && value.length === 8) return Number(value.readBigInt64BE());
  throw new DecodeError(`${name} must be a number`);
}
