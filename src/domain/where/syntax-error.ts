// The one error of the where-language: where, what was expected, what came.

import { AppError } from '../errors.js';

export interface WhereFault {
  /** Index into the text, in UTF-16 units. */
  readonly at: number;
  readonly expected: string;
  readonly got: string;
  readonly hint?: string;
}

/**
 * WHERE_INVALID, on one line with the column (1 is the first character). `details.excerpt` and `details.pointer` are two
 * lines to print one above the other: a piece of the expression and a caret under the place.
 */
export function whereError(text: string, fault: WhereFault): AppError {
  const column = Array.from(text.slice(0, fault.at)).length + 1;
  return new AppError('WHERE_INVALID', `where expression, column ${column}: expected ${fault.expected}, got ${fault.got}`, {
    ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    details: { column, ...excerptOf(text, fault.at) },
  });
}

/** Quoted for a message, at most 40 characters, control characters escaped. */
export function shown(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 39)}…` : text;
  return JSON.stringify(short).replace(/[\u007f-\u009f\u2028\u2029]/g, escapeUnit);
}

/** `\u001b` for ESC. */
export function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function excerptOf(text: string, at: number): { excerpt: string; pointer: string } {
  const from = Math.max(0, at - 40);
  const before = Array.from(text.slice(from, at)).map(oneCell);
  const after = Array.from(text.slice(at, at + 40)).map(oneCell);
  return { excerpt: [...before, ...after].join(''), pointer: `${' '.repeat(before.length)}^` };
}

/** Control characters and halves of a pair would move the caret or the terminal. */
function oneCell(character: string): string {
  return /[\p{Cc}\p{Cs}\u2028\u2029]/u.test(character) ? ' ' : character;
}
