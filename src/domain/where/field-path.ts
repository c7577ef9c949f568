// Reads and prints the field of a comparison (`status`, `label.team`, `payload.items[0]."my key"`) and follows its path
// into a JSON value.

import type { WhereFieldReference } from './ast.js';
import { isWhereFieldName, listWhereFields, nearest, WHERE_FIELDS } from './fields.js';
import { escapeUnit, shown, whereError } from './syntax-error.js';
import { decodeQuoted, isOneWord, type WhereToken } from './tokenizer.js';

/** `text` is the whole expression, for the place in the error. Field names are read in any case, keys as typed. */
export function parseFieldReference(text: string, token: WhereToken): WhereFieldReference {
  const typed = /^[^.[]*/.exec(token.text)?.[0] ?? '';
  const name = typed.toLowerCase();
  if (!isWhereFieldName(name)) throw unknownField(text, token, typed);
  const rest = token.text.slice(typed.length);
  if (WHERE_FIELDS[name] !== 'dynamic') {
    if (rest === '') return { name, path: [] };
    throw whereError(text, { at: token.start + typed.length, expected: `nothing after the field ${name}`, got: shown(rest) });
  }
  const at = token.start + typed.length;
  const path = name === 'label' ? labelKey(text, at, rest) : splitPath(text, at, rest);
  if (path.length > 0) return { name, path };
  throw whereError(text, { at, expected: `a key, such as ${name}.x`, got: 'only the name', hint: `write \`${name}.<key>\`` });
}

/** The text that parseFieldReference reads back to the same reference. */
export function printFieldReference({ name, path }: WhereFieldReference): string {
  if (name === 'label') return `label.${printKey(path[0] ?? '', /^[^"'[\]]+$/)}`;
  return name + path.map((step) => (INDEX.test(step) ? `[${step}]` : `.${printKey(step, /^[^"'.[\]]+$/)}`)).join('');
}

/** In double quotes, with everything escaped that does not print. */
export function printQuoted(value: string): string {
  return `"${value.replace(/["\\]|[\p{Cc}\p{Cs}\u2028\u2029\ufeff]/gu, escaped)}"`;
}

const INDEX = /^(?:0|[1-9]\d{0,8})$/;

/** The value at the path, or undefined where a step is missing. Only own properties count, and of arrays only the items. */
export function valueAtPath(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    if (Array.isArray(value) && !/^\d+$/.test(step)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return value;
}

/** Label keys contain dots (`label.example.com/team`), so the rest of the word is one key. */
function labelKey(text: string, at: number, rest: string): readonly string[] {
  if (/^\.[^"']+$/.test(rest)) return [rest.slice(1)];
  const steps = splitPath(text, at, rest);
  if (steps.length <= 1) return steps;
  throw whereError(text, { at, expected: 'one key of a label', got: shown(rest), hint: 'quote the whole key: `label."a.b"`' });
}

const STEP = /\.(?<name>[^.[\]"']+)|\[(?<index>\d{1,9})\]|\.(?<key>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\[(?<inner>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\]/suy;

function splitPath(text: string, at: number, rest: string): readonly string[] {
  const steps: string[] = [];
  const pattern = new RegExp(STEP);
  while (pattern.lastIndex < rest.length) {
    const start = pattern.lastIndex;
    const groups = pattern.exec(rest)?.groups;
    if (groups === undefined) {
      throw whereError(text, { at: at + start, expected: 'a key or an index, such as .name or [0]', got: shown(rest.slice(start)) });
    }
    const quoted = groups['key'] ?? groups['inner'];
    steps.push(quoted === undefined ? (groups['name'] ?? canonicalIndex(groups['index'])) : decodeQuoted(text, at + start + 1, quoted));
  }
  return steps;
}

/** `[007]` is item 7. */
function canonicalIndex(digits: string | undefined): string {
  return String(Number(digits ?? 0));
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(unit: string): string {
  return ESCAPES[unit] ?? escapeUnit(unit);
}

function printKey(key: string, plain: RegExp): string {
  return plain.test(key) && isOneWord(key) ? key : printQuoted(key);
}

function unknownField(text: string, token: WhereToken, typed: string): Error {
  const near = nearest(typed, Object.keys(WHERE_FIELDS));
  const fields = `fields are ${listWhereFields()}`;
  return whereError(text, {
    at: token.start,
    expected: 'a field',
    got: shown(typed === '' ? token.text : typed),
    hint: near === undefined ? fields : `did you mean \`${near}\`? ${fields}`,
  });
}
