// A long content behind a window.

import { fitLine, line, span, type Line } from '../text.js';
import { block } from './parts.js';

/** The furthest `scroll` that still shows a full window. */
export function lastScroll(lines: number, height: number): number {
  return lines <= height ? 0 : lines - Math.max(1, height - 1);
}

/** The lines from `scroll` on, as far as there are any; the last row says where one is when not all fits. */
export function scrolled(content: readonly Line[], scroll: number, cells: number, height: number): readonly Line[] {
  if (content.length <= height) return block(content, cells, height);
  const rows = Math.max(1, height - 1);
  const top = Math.min(Math.max(0, scroll), lastScroll(content.length, height));
  const end = Math.min(content.length, top + rows);
  const place = fitLine(line(span(` ${top + 1}-${end} of ${content.length}${end < content.length ? ', down shows more' : ''}`, 'faint')), cells);
  return [...block(content.slice(top, end), cells, rows), ...(height > 1 ? [place] : [])];
}
