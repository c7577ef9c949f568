// Pieces that several screens are made of.

import type { JobStatus } from '../../domain/job.js';
import type { Problem, SliceName } from '../data.js';
import { ago } from '../figures.js';
import { STATUS_LOOKS, type Model } from '../model.js';
import { dataOf } from '../rows.js';
import { blanks, clean, fitLine, line, lineWidth, span, wrapWords, type Line, type Piece, type Span } from '../text.js';

/** `── Jobs ── filter ───────── sort: created ──`. */
export function rule(start: readonly Piece[], end: readonly Piece[], cells: number): Line {
  const head = line(span('── ', 'faint'), ...start, ' ');
  const tail = end.length === 0 ? [] : line(' ', ...end, span(' ──', 'faint'));
  const room = cells - lineWidth(tail);
  const cut = lineWidth(head) > room ? fitLine(head, room) : head;
  return [...cut, span('─'.repeat(Math.max(0, room - lineWidth(cut))), 'faint'), ...tail];
}

export function emptyLine(cells: number): Line {
  return [span(blanks(cells))];
}

/** Exactly so many lines of exactly so many cells. */
export function block(lines: readonly Line[], cells: number, height: number): readonly Line[] {
  const fitted = lines.slice(0, height).map((row) => fitLine(row, cells));
  return fitted.length === height ? fitted : [...fitted, ...Array.from({ length: height - fitted.length }, () => emptyLine(cells))];
}

/** Two blocks of the same height beside each other. */
export function beside(first: readonly Line[], firstCells: number, second: readonly Line[], secondCells: number): readonly Line[] {
  return first.map((row, index) => [...fitLine(row, firstCells), span(' │ ', 'faint'), ...fitLine(second[index] ?? [], secondCells)]);
}

export function statusSpan(status: JobStatus, isRetry = false): Span {
  if (isRetry) return span(`~ ${status}`, 'wait');
  const { glyph, tone } = STATUS_LOOKS[status];
  return span(`${glyph} ${status}`, tone);
}

/** What comes at once is not announced. */
export const LOADING_AFTER_MS = 150;

/** Since the last key, which asked for it. */
function isLong({ now, pace }: Model): boolean {
  return now - pace.lastKeyAt >= LOADING_AFTER_MS;
}

/** What stands in place of data that is not there (yet); undefined when there is data. */
export function missing(model: Model, slice: SliceName, cells: number): readonly Line[] | undefined {
  if (dataOf(model, slice) !== null) return undefined;
  const { state, problem, retryAt, key } = model.slices[slice];
  if (state === 'error' && problem !== null && key !== '') return problemLines(problem, retryAt, model.now, cells);
  return isLong(model) ? [line(span('   loading …', 'faint'))] : [];
}

export function problemLines(problem: Problem, retryAt: number | null, now: number, cells: number): readonly Line[] {
  const retry = retryAt === null ? '' : ` Next try in ${ago(Math.max(0, retryAt - now))}.`;
  const text = `${clean(problem.message)} [${problem.code}]${retry}`;
  return [
    ...wrapWords(text, cells - 6).map((row) => line('   ', span(row, 'bad'))),
    ...(problem.hint === null ? [] : wrapWords(clean(problem.hint), cells - 6).map((row) => line('   ', span(row, 'accent')))),
  ];
}

/** `label  value`, the label in its own column. */
export function field(label: string, value: Piece, labelCells = 12): Line {
  return line(' ', span(label.padEnd(labelCells), 'faint'), value);
}
