// Cuts a where-expression into tokens, one pass from left to right. Which tokens make sense where is parser.ts's job.

import { WHERE_OPERATORS } from './ast.js';
import { shown, whereError } from './syntax-error.js';

export interface WhereToken {
  readonly kind: 'word' | 'string' | 'operator' | 'symbol' | 'end';
  /** As typed; for a `word` with quoted keys (`payload."my key"`) the quotes are still there. */
  readonly text: string;
  /** The decoded text of a `string`; otherwise the same as `text`. */
  readonly value: string;
  readonly start: number;
}

/** Operators of other languages are cut as one token, so that the parser can say what to write instead. */
const OPERATOR_SPELLINGS = [...WHERE_OPERATORS, '==', '=~', '!~', '<>', '!'].sort((a, b) => b.length - a.length);

/** The tokens with an `end` token last. WHERE_INVALID for a quote without its end and for an unknown escape. */
export function tokenizeWhere(text: string): readonly WhereToken[] {
  const tokens: WhereToken[] = [];
  let at = 0;
  while (at < text.length) {
    if (isSpace(text, at)) {
      at += 1;
      continue;
    }
    const token = tokenAt(text, at);
    tokens.push(token);
    at += token.text.length;
  }
  tokens.push({ kind: 'end', text: '', value: '', start: text.length });
  return tokens;
}

/** True when the parser reads the text, unquoted, as one word. */
export function isOneWord(text: string): boolean {
  return text !== '' && !/[\p{Cc}\p{Cs}\u2028\u2029\ufeff]/u.test(text) && endOfPlainWord(text, 0) === text.length;
}

/** Decodes a quoted section, quotes included. `at` is its place in `text`, for the error. */
export function decodeQuoted(text: string, at: number, section: string): string {
  let decoded = '';
  for (let index = 1; index < section.length - 1; index += 1) {
    const character = section.charAt(index);
    if (character !== '\\') {
      decoded += character;
      continue;
    }
    const escape = decodeEscape(section, index);
    if (escape === undefined) {
      throw whereError(text, {
        at: at + index,
        expected: 'one of the escapes \\\\ \\" \\\' \\n \\r \\t \\u0000',
        got: shown(section.slice(index, index + 2)),
        hint: 'write a backslash twice',
      });
    }
    decoded += escape.character;
    index += escape.length - 1;
  }
  return decoded;
}

function tokenAt(text: string, start: number): WhereToken {
  const character = text.charAt(start);
  if (isQuote(character)) {
    const section = text.slice(start, endOfQuoted(text, start));
    return { kind: 'string', text: section, value: decodeQuoted(text, start, section), start };
  }
  if (character === '(' || character === ')' || character === ',') return { kind: 'symbol', text: character, value: character, start };
  const operator = OPERATOR_SPELLINGS.find((spelling) => text.startsWith(spelling, start));
  if (operator !== undefined) return { kind: 'operator', text: operator, value: operator, start };
  const word = text.slice(start, endOfWord(text, start));
  return { kind: 'word', text: word, value: word, start };
}

/** A word goes on through a quoted key when the quote follows a dot or a bracket. */
function endOfWord(text: string, start: number): number {
  let end = endOfPlainWord(text, start);
  while (isQuote(text.charAt(end)) && (text.charAt(end - 1) === '.' || text.charAt(end - 1) === '[')) {
    end = endOfPlainWord(text, endOfQuoted(text, end));
  }
  return end;
}

function endOfPlainWord(text: string, start: number): number {
  let end = start;
  while (end < text.length && !isSpace(text, end) && !'(),=!<>~"\''.includes(text.charAt(end))) end += 1;
  return end;
}

function endOfQuoted(text: string, start: number): number {
  const quote = text.charAt(start);
  for (let index = start + 1; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === quote) return index + 1;
    if (character === '\\') index += 1;
  }
  throw whereError(text, {
    at: start,
    expected: `a closing ${quote}`,
    got: 'the end',
    hint: 'a text with one kind of quote in it can be put in the other kind',
  });
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', "'": "'", n: '\n', r: '\r', t: '\t' };

function decodeEscape(section: string, index: number): { character: string; length: number } | undefined {
  const letter = section.charAt(index + 1);
  if (letter === 'u') {
    const digits = section.slice(index + 2, index + 6);
    if (!/^[\da-f]{4}$/i.test(digits)) return undefined;
    return { character: String.fromCharCode(Number.parseInt(digits, 16)), length: 6 };
  }
  const character = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
  return character === undefined ? undefined : { character, length: 2 };
}

function isSpace(text: string, at: number): boolean {
  return /\s/.test(text.charAt(at));
}

function isQuote(character: string): boolean {
  return character === '"' || character === "'";
}
