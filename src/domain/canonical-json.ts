// One text per JSON value, whatever the order of its keys, and the hash of that text: equal requests and equal message
// bodies have equal hashes.

import { createHash } from 'node:crypto';
import { AppError } from './errors.js';

/** Deeper values are refused: they are no payload anyone wrote, and recursion must end before the stack does. */
export const MAX_JSON_DEPTH = 500;

/**
 * Object keys sorted by UTF-16 code units, no spaces, numbers as ECMAScript prints them: RFC 8785, except that a lone
 * surrogate is written as its escape instead of being refused. Throws INPUT_INVALID with the path of anything that JSON
 * cannot hold (undefined, NaN, bigint, functions, dates and other class instances, cycles) instead of dropping it.
 */
export function canonicalJson(value: unknown): string {
  return write(value, []);
}

/** SHA-256 of the canonical text in UTF-8, 64 lower-case hexadecimal digits. */
export function canonicalSha256(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value), 'utf8').digest('hex');
}

/** The steps to the value being written; one array for the whole walk, grown and cut back. */
type Path = (string | number)[];

function write(value: unknown, path: Path): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw notJson(String(value), path);
    return JSON.stringify(value);
  }
  if (typeof value !== 'object') throw notJson(typeof value, path);
  // A cycle ends here too.
  if (path.length >= MAX_JSON_DEPTH) throw notJson(`a value nested deeper than ${MAX_JSON_DEPTH} levels`, path.slice(0, 3));
  return Array.isArray(value) ? writeArray(value, path) : writeObject(value, path);
}

function writeArray(array: readonly unknown[], path: Path): string {
  // Array.from visits holes, so that a sparse array is refused and not written with missing items.
  return `[${Array.from(array, (item, index) => writeAt(index, item, path)).join(',')}]`;
}

function writeObject(object: object, path: Path): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) throw notJson(`an instance of ${className(object)}`, path);
  const entries: [string, unknown][] = Object.entries(object);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${writeAt(key, item, path)}`).join(',')}}`;
}

function writeAt(step: string | number, item: unknown, path: Path): string {
  path.push(step);
  const text = write(item, path);
  path.pop();
  return text;
}

function className(object: object): string {
  return object.constructor.name === '' ? 'a class' : object.constructor.name;
}

function notJson(got: string, path: Path): AppError {
  const where = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return new AppError('INPUT_INVALID', `expected a JSON value at $${where}, got ${got}`);
}
