// The room a text takes on a terminal, where some characters are two cells wide and some none.

import stringWidth from 'string-width';

/** Terminal cells of a printable text. */
export function textWidth(text: string): number {
  return isAscii(text) ? text.length : stringWidth(text);
}

/** The text cut to at most `cells`, with `…` in place of what was cut. Never cuts a character in two. */
export function truncateText(text: string, cells: number): string {
  if (textWidth(text) <= cells) return text;
  if (cells <= 0) return '';
  let kept = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)) {
    const width = textWidth(segment);
    if (used + width > cells - 1) break;
    kept += segment;
    used += width;
  }
  return `${kept}…`;
}

/** Fills up with blanks to `cells`. */
export function padText(text: string, cells: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, cells - textWidth(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}
