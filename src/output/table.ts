// Tables without borders, cut to the terminal's width. A pipe gets whole cells and no colours.

import { printable } from './sanitize.js';
import type { Paint, Style } from './style.js';
import { padText, textWidth, truncateText } from './text-width.js';

export interface Column {
  readonly header: string;
  readonly align?: 'left' | 'right';
  /** May be cut when the table is wider than the terminal; of several, the widest is cut first. */
  readonly flexible?: boolean;
}

/** A cell: any text (made printable here), and how to paint it once its width is settled. */
export type Cell = string | { readonly text: string; readonly paint: Paint };

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Where the table goes; an Io is one. */
export interface TableTarget {
  readonly stdoutIsTerminal: boolean;
  readonly columns: number;
  readonly style: Style;
}

const GAP = '  ';
const NARROWEST = 6;

/** The lines of the table, without a line end after the last. */
export function renderTable({ columns, rows }: Table, target: TableTarget): string {
  const texts = rows.map((row) => columns.map((_, index) => printable(cellText(row[index]))));
  const natural = columns.map(({ header }, index) =>
    texts.reduce((widest, row) => Math.max(widest, textWidth(row[index] ?? '')), textWidth(header)),
  );
  const widths = target.stdoutIsTerminal ? fitted(natural, columns, target.columns) : natural;
  const headers = columns.map(({ header }) => ({ text: header, paint: target.style.bold }));
  const body = texts.map((row, rowIndex) =>
    row.map((text, index) => ({ text, paint: cellPaint(rows[rowIndex]?.[index]) })),
  );
  return [headers, ...body].map((row) => renderRow(row, columns, widths)).join('\n');
}

/** Names and values below each other: `status   Running`. */
export function renderFields(fields: readonly (readonly [string, Cell])[], target: TableTarget): string {
  const width = Math.max(0, ...fields.map(([name]) => textWidth(name)));
  return fields
    .map(([name, cell]) => `${target.style.dim(padText(name, width))}${GAP}${cellPaint(cell)(printable(cellText(cell), { lines: false }))}`)
    .join('\n');
}

function renderRow(cells: readonly { text: string; paint: Paint }[], columns: readonly Column[], widths: readonly number[]): string {
  const last = cells.length - 1;
  return cells
    .map(({ text, paint }, index) => {
      const width = widths[index] ?? 0;
      const cut = truncateText(text, width);
      const align = columns[index]?.align ?? 'left';
      const blanks = ' '.repeat(Math.max(0, width - textWidth(cut)));
      if (align === 'right') return blanks + paint(cut);
      return index === last ? paint(cut) : paint(cut) + blanks;
    })
    .join(GAP)
    .trimEnd();
}

/** Takes cells from the widest flexible column until the row fits or all of them are as narrow as they get. */
function fitted(natural: readonly number[], columns: readonly Column[], available: number): readonly number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1) - available;
  const flexible = columns.flatMap(({ flexible: may }, index) => (may ? [index] : []));
  while (excess > 0) {
    const widest = flexible.reduce<number | undefined>(
      (best, index) => (best === undefined || (widths[index] ?? 0) > (widths[best] ?? 0) ? index : best),
      undefined,
    );
    if (widest === undefined || (widths[widest] ?? 0) <= NARROWEST) return widths;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

function cellText(cell: Cell | undefined): string {
  if (cell === undefined) return '';
  return typeof cell === 'string' ? cell : cell.text;
}

function cellPaint(cell: Cell | undefined): Paint {
  return cell === undefined || typeof cell === 'string' ? (text) => text : cell.paint;
}
