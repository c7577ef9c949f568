// CSV and TSV with a header line. Quoted cells may hold newlines; CRLF and LF may mix.

import { pipeline } from 'node:stream';

import { EVALUATION_LIMITS } from '../limits.js';
import { oneLine } from '../text/one-line.js';
import { datasetInvalid, rowText } from './dataset-errors.js';
import { delimiterOfHeader } from './format.js';
import type { RawRecord } from './raw-record.js';
import { peekText } from './text-source.js';

/** Enough for the header line of any real file. */
const HEADER_CHARACTERS = 64 * 1024;

/** Streams the records. Throws DATASET_INVALID with row, line and, where one is at fault, the column. */
export async function* delimitedRecords(text: AsyncIterable<string>, format: 'csv' | 'tsv'): AsyncGenerator<RawRecord> {
  const { head, text: whole } = await peekText(text, HEADER_CHARACTERS);
  const delimiter = format === 'tsv' ? '\t' : delimiterOfHeader(/^[^\r\n]*/.exec(head)?.[0] ?? '');
  const position = new Position();
  try {
    for await (const { cells, row, line } of parsedRows(whole, delimiter, position)) {
      if (row > 0) yield toRecord(position.header, cells, row, line);
    }
  } catch (error) {
    throw isCsvError(error) ? explain(error, position) : error;
  }
}

interface ParsedRow {
  readonly cells: readonly string[];
  /** 0 for the header. */
  readonly row: number;
  readonly line: number;
}

async function* parsedRows(text: AsyncIterable<string>, delimiter: string, position: Position): AsyncGenerator<ParsedRow> {
  const { parse } = await import('csv-parse');
  const places = new WeakMap<readonly string[], ParsedRow>();
  const parser = parse({
    delimiter,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    max_record_size: EVALUATION_LIMITS.rowBytes,
    // A tab is white space too, so trimming would join empty cells of a TSV; there quotes inside a cell are plain text.
    trim: delimiter !== '\t',
    relax_quotes: delimiter === '\t',
    // Called while the parser works, so that the position is right even for rows it drops because a later one is broken.
    on_record: (cells, { lines }) => {
      places.set(cells, position.advance(cells, lines));
      return cells;
    },
  });
  // Errors of the source and of the parser both end the loop: pipeline destroys the parser with them.
  pipeline(text, parser, () => undefined);
  for await (const cells of parser as AsyncIterable<string[]>) {
    const place = places.get(cells);
    if (place !== undefined) yield place;
  }
}

/** Where the parser is. It counts a CRLF inside quotes twice and reports where a record ends; here are physical lines. */
class Position {
  header: readonly string[] = [];
  #row = -1;
  #endLine = 0;
  #surplus = 0;

  advance(cells: readonly string[], endLine: number): ParsedRow {
    let inside = 0;
    for (const cell of cells) {
      if (!cell.includes('\n') && !cell.includes('\r')) continue;
      this.#surplus += cell.split('\r\n').length - 1;
      inside += cell.split(/\r\n|\r|\n/).length - 1;
    }
    this.#endLine = endLine - this.#surplus;
    this.#row += 1;
    if (this.#row === 0) this.header = headerNames(cells);
    return { cells, row: this.#row, line: this.#endLine - inside };
  }

  /** The place of the record after the last good one. `line` is the parser's; without it, the line where the record begins. */
  next(line?: number): string {
    const at = line === undefined ? this.#endLine + 1 : line - this.#surplus;
    return this.#row < 0 ? `header (line ${at})` : rowText(this.#row + 1, at);
  }
}

function headerNames(cells: readonly string[]): readonly string[] {
  const names = cells.map((cell) => cell.trim());
  const last = names.findLastIndex((name) => name !== '');
  const empty = names.slice(0, last).indexOf('');
  if (empty !== -1) throw datasetInvalid('header', `column ${empty + 1} has no name`, 'the first line of the file must name the columns');
  return names;
}

function toRecord(header: readonly string[], cells: readonly string[], row: number, line: number): RawRecord {
  // Spreadsheets leave columns without a name at the right edge; they are ignored while they are empty.
  const named = header.findLastIndex((name) => name !== '') + 1;
  const stray = cells.findIndex((cell, index) => index >= named && cell.trim() !== '');
  if (stray !== -1) throw datasetInvalid(rowText(row, line), `column ${stray + 1} has a value but no name in the header`);
  return { row, line, names: header.slice(0, named), values: cells.slice(0, named), cells: true };
}

interface CsvError extends Error {
  readonly code: string;
  readonly lines?: number;
  readonly column?: number;
  readonly record?: readonly string[];
}

function isCsvError(error: unknown): error is CsvError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(CSV_|INVALID_OPENING_QUOTE)/.test(error.code);
}

function explain(error: CsvError, position: Position): Error {
  const here = position.next(error.lines);
  const name = position.header[error.column ?? -1];
  const column = name === undefined ? '' : `, column ${JSON.stringify(name)}`;
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
      return datasetInvalid(here, `expected ${position.header.length} columns as in the header, got ${error.record?.length ?? 'another number'}`, 'a cell with the separator or a newline in it must stand in double quotes');
    case 'CSV_QUOTE_NOT_CLOSED':
      return datasetInvalid(`${position.next()}${column}`, 'a double quote is opened and never closed');
    case 'CSV_MAX_RECORD_SIZE':
      return datasetInvalid(position.next(), 'the row is larger than 1 MB', 'is a double quote left open in it?');
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_INVALID_CLOSING_QUOTE':
      return datasetInvalid(`${here}${column}`, 'a double quote stands in the middle of a cell', 'put the cell in double quotes and write each quote inside it twice');
    default:
      return datasetInvalid(here, oneLine(error.message));
  }
}
