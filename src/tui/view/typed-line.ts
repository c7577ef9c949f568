// Text that is being typed, with its cursor drawn as a cell: the terminal's own cursor stays hidden.

import { clean, graphemes, span, width, type Line } from '../text.js';

/** At most `cells` wide, moved so that the cursor is in sight. */
export function typedLine(text: string, cursor: number, cells: number): Line {
  const parts = graphemes(text).map((part) => (clean(part) === '' ? ' ' : clean(part)));
  let from = 0;
  while (from < cursor && total(parts.slice(from, cursor)) > cells - 2) from += 1;
  let to = cursor + 1;
  while (to < parts.length && total(parts.slice(from, to + 1)) < cells) to += 1;
  return [span(parts.slice(from, cursor).join('')), span(parts[cursor] ?? ' ', 'selected'), span(parts.slice(cursor + 1, to).join(''))].filter((one) => one.text !== '');
}

function total(parts: readonly string[]): number {
  return parts.reduce((sum, part) => sum + width(part), 0);
}
