// Results as CSV: the dataset's own columns in their order, then what the evaluation found. One row for each run of an item.

import type { Json } from '../../domain/json.js';
import type { DatasetColumn } from '../dataset/dataset-row.js';
import type { ItemResult } from '../item-result.js';
import type { EvaluationSummary } from '../summary.js';
import { ADDED_COLUMNS, addedColumnNames, placeholderFor, type AddedColumn } from './added-columns.js';

export interface CsvOptions {
  /** Begin with a byte order mark, so that spreadsheets take the file for UTF-8. */
  readonly bom?: boolean;
}

/** RFC 4180 with LF line ends. Cells that a spreadsheet would run as a formula begin with `'`. */
export async function* exportCsv(summary: EvaluationSummary, items: AsyncIterable<ItemResult>, options: CsvOptions = {}): AsyncGenerator<string> {
  const columns = csvColumns(summary.columns);
  yield `${options.bom === true ? '\ufeff' : ''}${csvLine(columns.map((column) => column.name))}`;
  for await (const item of items) yield csvLine(columns.map((column) => column.cell(item)));
}

interface CsvColumn {
  readonly name: string;
  cell(item: ItemResult): string;
}

/** A placeholder column of the dataset ("Actual Output", "Score") is filled in where it stands. */
function csvColumns(own: readonly DatasetColumn[]): CsvColumn[] {
  const names = addedColumnNames(own.map((column) => column.name));
  const filled = new Set<AddedColumn>();
  const columns = own
    .filter((column) => column.field !== 'evaluators' && column.field !== 'evaluatorsMode')
    .map((column): CsvColumn => {
      const added = placeholderFor(column.name);
      if (added === null) return { name: column.name, cell: (item) => ownCell(column, item) };
      filled.add(added);
      return { name: column.name, cell: (item) => addedCell(added, item) };
    });
  const others = ADDED_COLUMNS.filter((column) => !filled.has(column));
  return [...columns, ...others.map((column) => ({ name: names[column], cell: (item: ItemResult) => addedCell(column, item) }))];
}

function ownCell({ name, field }: DatasetColumn, item: ItemResult): string {
  if (field === null) return cellText(Object.hasOwn(item.extra, name) ? (item.extra[name] ?? null) : null);
  if (field === 'tags') return item.tags.join('|');
  if (field === 'expected') return listCell(item.expected ?? []);
  if (field === 'context') return listCell(item.context);
  if (field === 'usage') return item.usage === null ? '' : JSON.stringify(item.usage);
  if (field === 'evaluators' || field === 'evaluatorsMode') return '';
  return cellText(item[field]);
}

function addedCell(column: AddedColumn, item: ItemResult): string {
  switch (column) {
    case 'actual output':
      return item.answer ?? '';
    case 'score':
      return item.score === null ? '' : String(item.score);
    case 'passed':
      return item.outcome === 'error' ? 'error' : String(item.passed);
    case 'reasoning':
      return item.reasoning;
    case 'differences':
      return item.differences.join('; ');
  }
}

/** One text as it is; several as the JSON list that a dataset can be written with. */
function listCell(texts: readonly string[]): string {
  return texts.length > 1 ? JSON.stringify(texts) : (texts[0] ?? '');
}

function cellText(value: Json): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** One record of RFC 4180 with its line end; no cell runs as a formula. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => quoted(neutralised(cell))).join(',')}\n`;
}

/**
 * Spreadsheets run cells that begin with these as formulas (https://owasp.org/www-community/attacks/CSV_Injection);
 * plain numbers such as -2 are left alone.
 */
export function neutralised(cell: string): string {
  return /^\s*[=+\-@\t\r＝＋－＠]/.test(cell) && !/^[-+]?\d+(\.\d+)?$/.test(cell) ? `'${cell}` : cell;
}

function quoted(cell: string): string {
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
