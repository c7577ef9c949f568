// A text that is looked for in a long content. Case does not matter.

import { plainText, span, type Line } from '../text.js';

/** The rows in which it begins. A line that is broken over two rows is read as one. */
export function rowsWith(content: readonly Line[], text: string): readonly number[] {
  const wanted = text.toLowerCase();
  // Every row begins with a blank.
  const rows = content.map((row) => plainText(row).slice(1).toLowerCase());
  return rows.flatMap((row, index) => {
    const found = (row + (rows[index + 1] ?? '')).indexOf(wanted);
    return found >= 0 && found < row.length ? [index] : [];
  });
}

/** The row with every place of the text standing out; `isCurrent`: with the cursor in front. */
export function withFound(row: Line, text: string, isCurrent: boolean): Line {
  const wanted = text.toLowerCase();
  const pieces = row.flatMap(({ text: own, tone }) => {
    const parts = [];
    let from = 0;
    const lower = own.toLowerCase();
    // Some letters become two in lower case: then nothing stands out, rather than the wrong place.
    for (let at = lower.length === own.length ? lower.indexOf(wanted) : -1; at >= 0; at = lower.indexOf(wanted, from)) {
      parts.push(span(own.slice(from, at), tone), span(own.slice(at, at + wanted.length), 'selected'));
      from = at + wanted.length;
    }
    return [...parts, span(own.slice(from), tone)];
  });
  const [first, ...rest] = pieces;
  return isCurrent && first !== undefined ? [span('>', 'accent'), span(first.text.slice(1), first.tone), ...rest] : pieces;
}
