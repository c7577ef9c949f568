// A long content behind a window.

import { fitLine, line, span, type Line } from '../text.js';
import type { Found } from '../model.js';
import { withFound } from './find.js';
import { block } from './parts.js';

export interface Content {
  readonly lines: readonly Line[];
  /** Rows of the window in front of it. */
  readonly height: number;
}

/** The furthest `scroll` that still shows a full window. */
export function lastScroll(lines: number, height: number): number {
  return lines <= height ? 0 : lines - Math.max(1, height - 1);
}

/** Where a content is looked at, and what is looked for in it. */
export interface Scrolled {
  readonly scroll: number;
  readonly found: Found | null;
}

/** The lines from `scroll` on, as far as there are any; the last row says where one is when not all fits. */
export function scrolled(content: readonly Line[], { scroll, found }: Scrolled, cells: number, height: number): readonly Line[] {
  const shown = (from: number, end: number): readonly Line[] => {
    const rows = content.slice(from, end);
    return found === null ? rows : rows.map((row, index) => withFound(row, found.text, from + index === found.row));
  };
  if (content.length <= height) return block(shown(0, height), cells, height);
  const rows = Math.max(1, height - 1);
  const top = Math.min(Math.max(0, scroll), lastScroll(content.length, height));
  const end = Math.min(content.length, top + rows);
  const place = fitLine(line(span(` ${top + 1}-${end} of ${content.length}${end < content.length ? ', down shows more' : ''}`, 'faint')), cells);
  return [...block(shown(top, end), cells, rows), ...(height > 1 ? [place] : [])];
}
