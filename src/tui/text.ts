// Lines of styled text whose width is known: what every screen is made of. Data from outside passes `clean` first.

import { printable } from '../output/sanitize.js';
import { textWidth } from '../output/text-width.js';

/** What a piece of text means; themes say how that looks. */
export const TONES = ['plain', 'strong', 'faint', 'accent', 'good', 'busy', 'wait', 'bad', 'muted', 'selected', 'banner'] as const;
export type Tone = (typeof TONES)[number];

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export type Line = readonly Span[];

/** A cell of a table, or a part of a line: a plain text or a span. */
export type Piece = string | Span;

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone };
}

export function line(...pieces: readonly (Piece | false | undefined)[]): Line {
  return pieces.flatMap((piece) => (piece === false || piece === undefined || piece === '' ? [] : [typeof piece === 'string' ? span(piece) : piece]));
}

/** Text from a message, a file or a person: on one line, without anything a terminal would act on. */
export function clean(text: string): string {
  return printable(text);
}

/** The lines of a text, without anything a terminal would act on; tabs become blanks. */
export function cleanLines(text: string): readonly string[] {
  return printable(text, { lines: true }).replaceAll('\t', '  ').split('\n');
}

// ASCII, and the drawing characters of this program, which are one cell wide in every terminal.
const NARROW = /^[ -~─-▟·…█]*$/;

/** Terminal cells. */
export function width(text: string): number {
  return NARROW.test(text) ? text.length : textWidth(text);
}

export function lineWidth(pieces: Line): number {
  return pieces.reduce((sum, { text }) => sum + width(text), 0);
}

/** Exactly `cells` wide: cut at the end, with `…` in place of what was cut, or filled up with blanks. */
export function left(text: string, cells: number): string {
  const cut = cutEnd(text, cells);
  return cut + blanks(cells - width(cut));
}

/** As `left`, with the blanks in front. */
export function right(text: string, cells: number): string {
  const cut = cutEnd(text, cells);
  return blanks(cells - width(cut)) + cut;
}

/** As `left`, but cut in the middle: the beginning and the end of a name tell most. */
export function middle(text: string, cells: number): string {
  if (width(text) <= cells) return left(text, cells);
  if (cells < 5) return left(text, cells);
  const parts = graphemes(text);
  const head = takeCells(parts, Math.ceil((cells - 1) / 2));
  const tail = takeCells([...parts].reverse(), cells - 1 - width(head.join('')));
  return left(`${head.join('')}…${tail.reverse().join('')}`, cells);
}

/** The line cut or filled up to exactly `cells`. */
export function fitLine(pieces: Line, cells: number): Line {
  const fitted: Span[] = [];
  let used = 0;
  for (const piece of pieces) {
    const own = width(piece.text);
    if (used + own > cells) {
      fitted.push({ ...piece, text: left(piece.text, cells - used) });
      return fitted;
    }
    fitted.push(piece);
    used += own;
  }
  if (used < cells) fitted.push(span(blanks(cells - used)));
  return fitted;
}

/** Texts at both ends of a line of `cells`; where there is no room for both, the left one is cut. */
export function spread(start: Line, end: Line, cells: number): Line {
  const room = cells - lineWidth(end);
  if (room < 8) return fitLine(start, cells);
  return [...fitLine(start, room - 1), span(' '), ...end];
}

export function plainText(pieces: Line): string {
  return pieces.map(({ text }) => text).join('');
}

/** The text in lines of at most `cells`, broken anywhere. */
export function wrap(text: string, cells: number): readonly string[] {
  if (width(text) <= cells || cells < 2) return [text];
  const rows: string[] = [];
  let rest = graphemes(text);
  while (rest.length > 0) {
    const taken = takeCells(rest, cells);
    if (taken.length === 0) break;
    rows.push(taken.join(''));
    rest = rest.slice(taken.length);
  }
  return rows;
}

/** The text in lines of at most `cells`, broken between words where possible. */
export function wrapWords(text: string, cells: number): readonly string[] {
  const rows: string[] = [];
  let row = '';
  for (const word of text.split(' ')) {
    const longer = row === '' ? word : `${row} ${word}`;
    if (width(longer) <= cells) {
      row = longer;
      continue;
    }
    if (row !== '') rows.push(row);
    const pieces = wrap(word, cells);
    rows.push(...pieces.slice(0, -1));
    row = pieces.at(-1) ?? '';
  }
  return [...rows, row];
}

export function graphemes(text: string): string[] {
  if (/^[ -~]*$/.test(text)) return text.split('');
  return Array.from(new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text), ({ segment }) => segment);
}

export function blanks(count: number): string {
  return ' '.repeat(Math.max(0, count));
}

function cutEnd(text: string, cells: number): string {
  if (cells <= 0) return '';
  if (width(text) <= cells) return text;
  if (NARROW.test(text)) return `${text.slice(0, cells - 1)}…`;
  return `${takeCells(graphemes(text), cells - 1).join('')}…`;
}

function takeCells(parts: readonly string[], cells: number): string[] {
  const taken: string[] = [];
  let used = 0;
  for (const part of parts) {
    used += width(part);
    if (used > cells) break;
    taken.push(part);
  }
  return taken;
}
