// Tables whose columns come and go with the width: every row is exactly as wide as asked, and only visible rows are made.

import type { ListState } from '../model.js';
import { blanks, fitLine, left, middle, right, span, width, type Line, type Piece, type Span, type Tone } from '../text.js';

export interface Column<T> {
  readonly title: string;
  /** Cells, when the column is shown. */
  readonly width: number;
  /** Takes what is left; its `width` is the least. */
  readonly flexible?: boolean;
  readonly align?: 'left' | 'right' | 'middle';
  /** Columns with the highest number go first when the table is too wide; without one a column stays. */
  readonly drop?: number;
  readonly cell: (row: T, cells: number) => Piece;
}

export interface Table<T> {
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly idOf: (row: T) => string;
  readonly list: ListState;
  /** Keys move in it: only then its cursor is shown in full. */
  readonly isActive: boolean;
  readonly canMark?: boolean;
}

const GAP = 2;
const MARKER = 2;

/** What stands there before the rows are known. */
export function headerOf<T>({ columns, canMark }: Pick<Table<T>, 'columns' | 'canMark'>, cells: number): Line {
  const lead = leadCells(canMark);
  return header(shownColumns(columns, cells - lead), lead, cells);
}

/** The header and the visible rows: `height` lines of `cells` cells. */
export function tableLines<T>(table: Table<T>, cells: number, height: number): readonly Line[] {
  const lead = leadCells(table.canMark);
  const shown = shownColumns(table.columns, cells - lead);
  const rows = table.rows.slice(table.list.top, table.list.top + height - 1).map((row) => rowLine(table, row, shown, cells));
  return [header(shown, lead, cells), ...rows];
}

function leadCells(canMark = false): number {
  return MARKER + (canMark ? MARKER : 0) + 1;
}

function header<T>(shown: readonly ShownColumn<T>[], lead: number, cells: number): Line {
  return fitLine([span(blanks(lead)), ...joined(shown.map(({ column, cells: room }) => span(placed(column.title, column, room), 'faint')))], cells);
}

interface ShownColumn<T> {
  readonly column: Column<T>;
  readonly cells: number;
}

function rowLine<T>(table: Table<T>, row: T, shown: readonly ShownColumn<T>[], cells: number): Line {
  const id = table.idOf(row);
  const isSelected = table.list.selected === id;
  const marker = isSelected ? ' > ' : '   ';
  const mark = table.canMark === true ? (table.list.marks.includes(id) ? '* ' : '  ') : '';
  const pieces = shown.map(({ column, cells: room }): Span => {
    const piece = column.cell(row, room);
    return typeof piece === 'string' ? span(placed(piece, column, room)) : span(placed(piece.text, column, room), piece.tone);
  });
  const line = fitLine([span(marker), span(mark, 'accent'), ...joined(pieces)], cells);
  return isSelected ? selectedLine(line, table.isActive) : line;
}

/** The whole row stands out where the cursor moves; in the other pane its marker is enough. */
function selectedLine(line: Line, isActive: boolean): Line {
  const tone: Tone = isActive ? 'selected' : 'strong';
  return [span(line.map(({ text }) => text).join(''), tone)];
}

function shownColumns<T>(columns: readonly Column<T>[], cells: number): readonly ShownColumn<T>[] {
  let shown = [...columns];
  const needed = (): number => shown.reduce((sum, column) => sum + column.width, 0) + GAP * Math.max(0, shown.length - 1);
  while (needed() > cells) {
    const worst = shown.reduce<Column<T> | undefined>((found, column) => ((column.drop ?? 0) > (found?.drop ?? 0) ? column : found), undefined);
    if (worst === undefined) break;
    shown = shown.filter((column) => column !== worst);
  }
  const extra = Math.max(0, cells - needed());
  const flexible = shown.filter((column) => column.flexible === true).length;
  let given = 0;
  return shown.map((column) => {
    if (column.flexible !== true) return { column, cells: column.width };
    given += 1;
    const part = given === flexible ? extra - Math.floor(extra / flexible) * (flexible - 1) : Math.floor(extra / flexible);
    return { column, cells: column.width + part };
  });
}

function placed<T>(text: string, { align }: Pick<Column<T>, 'align'>, cells: number): string {
  if (width(text) === cells) return text;
  if (align === 'right') return right(text, cells);
  return align === 'middle' ? middle(text, cells) : left(text, cells);
}

function joined(pieces: readonly Span[]): readonly Span[] {
  return pieces.flatMap((piece, index) => (index === 0 ? [piece] : [span(blanks(GAP)), piece]));
}
