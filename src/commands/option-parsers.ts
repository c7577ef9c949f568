// Reads the words of a command line into values. A parser says what it expects; readWith() turns a word that does
// not fit into one line with what was expected, what came and where.

import { MAX_DURATION_MS, printDuration, readDuration } from '../domain/duration.js';
import { AppError, type ErrorCode } from '../domain/errors.js';
import { nearest } from '../domain/nearest.js';

export interface Parser<T> {
  /** Completes the sentence "must be …". */
  readonly expects: string;
  /** The value, or undefined when the text is not acceptable. */
  read(text: string): T | undefined;
  /** All acceptable words, when there are few; used by help, hints and completion. */
  readonly choices?: readonly string[];
  /** What a shell should complete here. */
  readonly completes?: 'file' | 'directory';
}

/** The value of `text`, or an error that begins with `where` (`--limit`, `line 3: delay`). */
export function readWith<T>(parser: Parser<T>, text: string, where: string, code: ErrorCode = 'USAGE_INVALID'): T {
  const value = parser.read(text);
  if (value !== undefined) return value;
  const suggestion = parser.choices && nearest(text, parser.choices);
  throw new AppError(code, `${where} must be ${parser.expects}, got ${JSON.stringify(text)}`, {
    ...(suggestion !== undefined && { hint: `did you mean \`${suggestion}\`?` }),
  });
}

/** Text that is not empty. */
export function nonEmpty(): Parser<string> {
  return { expects: 'a text that is not empty', read: (text) => (text.trim() === '' ? undefined : text) };
}

/** The path of a file; `-` is for the command to treat as standard input or output. */
export function filePath(): Parser<string> {
  return { expects: 'a path', completes: 'file', read: (text) => (text === '' ? undefined : text) };
}

export function directoryPath(): Parser<string> {
  return { expects: 'a path', completes: 'directory', read: (text) => (text === '' ? undefined : text) };
}

/** One of a few words, as written. */
export function choice<const T extends string>(choices: readonly T[]): Parser<T> {
  return {
    expects: oneOf(choices),
    choices,
    read: (text) => choices.find((candidate) => candidate === text),
  };
}

export function integer(bounds: { min?: number; max?: number } = {}): Parser<number> {
  return {
    expects: `a whole number${boundsText(bounds)}`,
    read: (text) => (/^[+-]?\d+$/.test(text) ? within(Number(text), bounds) : undefined),
  };
}

export function decimal(bounds: { min?: number; max?: number } = {}): Parser<number> {
  return {
    expects: `a number${boundsText(bounds)}`,
    read: (text) => (/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) ? within(Number(text), bounds) : undefined),
  };
}

/** Milliseconds, written as `250ms`, `30s`, `5m`, `2h`, `1d` or `1h30m`; `0` needs no unit. */
export function duration(bounds: { minMs?: number; maxMs?: number } = {}): Parser<number> {
  const { minMs = 0, maxMs = MAX_DURATION_MS } = bounds;
  return {
    expects: `a duration such as 250ms, 30s, 5m, 2h or 1d${spanText(bounds)}`,
    read: (text) => {
      const ms = readDuration(text);
      return ms !== undefined && ms >= minMs && ms <= maxMs ? ms : undefined;
    },
  };
}

/** A moment, kept as written until the clock is known: `resolveInstant` makes it a time. */
export type Instant = { readonly at: number } | { readonly offsetMs: number };

/**
 * ISO 8601 (`2026-08-01`, `2026-08-01T09:30`, with or without zone; without one it is local time) or a duration,
 * which counts back from now with `past` and forward with `future`.
 */
export function instant(direction: 'past' | 'future'): Parser<Instant> {
  const words = direction === 'past' ? 'a time span back from now such as 2h' : 'a time span from now such as 10m';
  return {
    expects: `an ISO 8601 time or ${words}`,
    read: (text) => {
      const span = readDuration(text);
      if (span !== undefined) return { offsetMs: direction === 'past' ? -span : span };
      const at = isoTime(text);
      return at === undefined ? undefined : { at };
    },
  };
}

/** Milliseconds since 1970. */
export function resolveInstant(value: Instant, nowMs: number): number {
  return 'at' in value ? value.at : nowMs + value.offsetMs;
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** `key=value`; the value may hold further equals signs. */
export function keyValue(): Parser<KeyValue> {
  return {
    expects: 'key=value',
    read: (text) => {
      const match = /^([^=\s]+)=(.*)$/s.exec(text);
      return match?.[1] === undefined ? undefined : { key: match[1], value: match[2] ?? '' };
    },
  };
}

/** The pairs as an object; of two with one key the later wins. */
export function toRecord(pairs: readonly KeyValue[]): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => [pair.key, pair.value]));
}

/** `a, b or c`. */
export function oneOf(choices: readonly string[]): string {
  return choices.length < 2 ? (choices[0] ?? '') : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

const ISO_TIME = /^(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

function isoTime(text: string): number | undefined {
  const match = ISO_TIME.exec(text);
  if (!match) return undefined;
  // Date.parse moves 30 February into March; such a date is refused instead.
  const day = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
  if (day.getUTCMonth() !== Number(match[2]) - 1) return undefined;
  const at = Date.parse(text.replace(' ', 'T'));
  return Number.isNaN(at) ? undefined : at;
}

function within(value: number, { min = -Infinity, max = Infinity }: { min?: number; max?: number }): number | undefined {
  return Number.isFinite(value) && value >= min && value <= max ? value : undefined;
}

function boundsText({ min, max }: { min?: number; max?: number }): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? '' : ` of at most ${max}`;
}

function spanText({ minMs, maxMs }: { minMs?: number; maxMs?: number }): string {
  if (minMs !== undefined && maxMs !== undefined) return `, from ${printDuration(minMs)} to ${printDuration(maxMs)}`;
  if (minMs !== undefined) return `, at least ${printDuration(minMs)}`;
  return maxMs === undefined ? '' : `, at most ${printDuration(maxMs)}`;
}
