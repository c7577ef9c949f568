// What a value means depends on its field: `5m` is a duration after age and text after payload.x.

import { printDuration, readDuration } from '../duration.js';
import { JOB_STATUSES, PRIORITIES } from '../job.js';
import { findJobType } from '../queue-registry.js';
import type { WhereFieldReference, WhereLiteral, WhereOperator } from './ast.js';
import { nearest, WHERE_FIELDS, type WhereFieldName } from './fields.js';
import { printQuoted } from './field-path.js';
import { shown, type WhereFault, whereError } from './syntax-error.js';
import { isOneWord, type WhereToken } from './tokenizer.js';

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i;
const KEYWORDS = ['and', 'or', 'not', 'in', 'null', 'true', 'false'];

/** `text` is the whole expression, for the place in the error. `in` counts as `=`. */
export function readLiteral(text: string, token: WhereToken, field: WhereFieldReference, operator: WhereOperator): WhereLiteral {
  const reading = new LiteralReading(text, token, field.name, operator);
  reading.refuseWhatIsNoValue();
  if (token.kind === 'word' && isWord(token, 'null')) return reading.nullLiteral();
  if (operator === '~') return { kind: 'text', value: token.value };
  switch (WHERE_FIELDS[field.name]) {
    case 'word':
      return reading.oneOf('a status', JOB_STATUSES);
    case 'rank':
      return reading.oneOf('a priority', PRIORITIES);
    case 'text':
      return { kind: 'text', value: field.name === 'type' ? canonicalType(token.value) : token.value };
    case 'duration':
      return reading.duration();
    case 'number':
      return reading.number();
    case 'dynamic':
      return reading.dynamic();
  }
}

/** The text that readLiteral reads back to the same literal for the same field. */
export function printLiteral(literal: WhereLiteral): string {
  switch (literal.kind) {
    case 'text':
      return isPlainText(literal.value) ? literal.value : printQuoted(literal.value);
    case 'number':
      return literal.text;
    case 'boolean':
      return String(literal.value);
    case 'duration':
      return printDuration(literal.ms);
    case 'null':
      return 'null';
  }
}

export function isWord(token: WhereToken, ...keywords: readonly string[]): boolean {
  return token.kind === 'word' && keywords.includes(token.text.toLowerCase());
}

/** How a token is named in an error. */
export function shownToken(token: WhereToken): string {
  return token.kind === 'end' ? 'the end' : shown(token.text);
}

class LiteralReading {
  constructor(
    private readonly text: string,
    private readonly token: WhereToken,
    private readonly field: WhereFieldName,
    private readonly operator: WhereOperator,
  ) {}

  refuseWhatIsNoValue(): void {
    const { token } = this;
    if (token.kind !== 'word' && token.kind !== 'string') throw this.refused({ expected: `a value after ${this.field}` });
    if (isWord(token, 'and', 'or', 'not', 'in')) {
      throw this.refused({ expected: `a value after ${this.field}`, hint: `quote it to mean the word: \`"${token.text}"\`` });
    }
    if (token.kind === 'word' && /["']/.test(token.text)) {
      throw this.refused({ expected: `a value after ${this.field}`, hint: 'quote the whole value' });
    }
  }

  nullLiteral(): WhereLiteral {
    if (this.operator === '=' || this.operator === '!=') return { kind: 'null' };
    throw this.refused({ expected: `a value after ${this.operator}`, hint: 'null goes with = and != only' });
  }

  oneOf(expected: string, words: readonly string[]): WhereLiteral {
    const typed = this.token.value.toLowerCase();
    const word = words.find((candidate) => candidate.toLowerCase() === typed);
    if (word !== undefined) return { kind: 'text', value: word };
    const near = nearest(typed, words);
    const list = `one of ${words.join(', ')}`;
    throw this.refused({ expected, hint: near === undefined ? list : `did you mean \`${near}\`? ${list}` });
  }

  duration(): WhereLiteral {
    const ms = readDuration(this.token.value);
    if (ms !== undefined) return { kind: 'duration', ms };
    const hint = /^\d+$/.test(this.token.value) ? { hint: `add a unit: \`${this.token.value}m\` is minutes` } : {};
    throw this.refused({ expected: 'a duration such as 30s, 5m, 2h or 1d', ...hint });
  }

  number(): WhereLiteral {
    const literal = readNumber(this.token.value);
    if (literal === undefined) throw this.refused({ expected: 'a number' });
    return literal;
  }

  /** Quotes make text; without them numbers and booleans are themselves. */
  dynamic(): WhereLiteral {
    const { token } = this;
    if (token.kind === 'string') return { kind: 'text', value: token.value };
    if (isWord(token, 'true', 'false')) {
      const ordered = this.operator !== '=' && this.operator !== '!=';
      if (ordered) throw this.refused({ expected: `a number or a text after ${this.operator}` });
      return { kind: 'boolean', value: isWord(token, 'true') };
    }
    return readNumber(token.value) ?? { kind: 'text', value: token.value };
  }

  private refused(fault: Omit<WhereFault, 'at' | 'got'>): Error {
    return whereError(this.text, { at: this.token.start, got: shownToken(this.token), ...fault });
  }
}

function readNumber(text: string): WhereLiteral | undefined {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? { kind: 'number', value, text } : undefined;
}

/** Jobs are stored under the canonical type; an alias is fine in an expression too. */
function canonicalType(typed: string): string {
  return findJobType(typed)?.type ?? typed;
}

/** Readable without quotes, after any field. */
function isPlainText(value: string): boolean {
  return isOneWord(value) && readNumber(value) === undefined && !KEYWORDS.includes(value.toLowerCase());
}
