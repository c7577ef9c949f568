// Text that is being typed, with its cursor drawn as a cell: the terminal's own cursor stays hidden.

import { clean, graphemes, span, width, type Line } from '../text.js';

/** At most `cells` wide, moved so that the cursor is in sight. What is out of sight costs nothing: a paste may be long. */
export function typedLine(text: string, cursor: number, cells: number): Line {
  const parts = graphemes(text);
  const cell = (index: number): string => clean(parts[index] ?? '') || ' ';
  let from = cursor;
  for (let room = cells - 2; from > 0 && width(cell(from - 1)) <= room; from -= 1) room -= width(cell(from - 1));
  const before = shown(from, cursor, cell);
  let to = cursor + 1;
  for (let room = cells - 1 - width(before) - width(cell(cursor)); to < parts.length && width(cell(to)) <= room; to += 1) room -= width(cell(to));
  return [span(before), span(cell(cursor), 'selected'), span(shown(cursor + 1, to, cell))].filter((one) => one.text !== '');
}

function shown(from: number, to: number, cell: (index: number) => string): string {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => cell(from + index)).join('');
}
