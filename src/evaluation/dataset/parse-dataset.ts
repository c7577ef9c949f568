// Any dataset file to rows, streaming: what is in memory is one chunk, one row and the keys. (JSON files are the
// exception; see json-document.ts.)

import type { JsonObject } from '../../domain/json.js';
import type { ColumnHints } from '../payload.js';
import { ColumnResolver } from './columns.js';
import { datasetInvalid, rowText } from './dataset-errors.js';
import type { DatasetColumn, DatasetRow } from './dataset-row.js';
import { delimitedRecords } from './delimited.js';
import { detectFormat, type DatasetFormat } from './format.js';
import { ItemKeys } from './item-keys.js';
import { inlineRecords, jsonDocumentRecords } from './json-document.js';
import { jsonLineRecords } from './json-lines.js';
import { parseRow } from './parse-row.js';
import type { RawRecord } from './raw-record.js';
import { decodeText, peekText, type ByteSource } from './text-source.js';

export interface DatasetOptions {
  /** Null: by `fileName` and content. */
  readonly format?: DatasetFormat | null;
  readonly fileName?: string | null;
  readonly columns?: ColumnHints;
}

/** The rows of a dataset; can be iterated once. */
export interface ParsedDataset extends AsyncIterable<DatasetRow> {
  /** The columns met so far; complete when the last row has been read. */
  readonly columns: readonly DatasetColumn[];
  /** Null until the first row has been asked for, and for inline rows. */
  readonly format: DatasetFormat | null;
}

/**
 * Throws, while it is iterated, DATASET_INVALID (row, line, column) and DATASET_TOO_LARGE; errors of the source pass
 * through. A dataset without rows is invalid. Stopping early closes the source.
 */
export function parseDataset(source: ByteSource, options: DatasetOptions = {}): ParsedDataset {
  return new Dataset(async function* (found) {
    const { head, text } = await peekText(decodeText(source), 4096);
    const actual = options.format ?? detectFormat(options.fileName ?? null, head);
    found(actual);
    if (actual === 'csv' || actual === 'tsv') yield* delimitedRecords(text, actual);
    else if (actual === 'jsonl') yield* jsonLineRecords(text);
    else yield* jsonDocumentRecords(text);
  }, options.columns ?? {});
}

/** The rows that stand in a payload, under the same rules. */
export function parseInlineRows(rows: readonly JsonObject[], columns: ColumnHints = {}): ParsedDataset {
  return new Dataset(() => inlineRecords(rows), columns);
}

type Records = (found: (format: DatasetFormat) => void) => AsyncIterable<RawRecord>;

class Dataset implements ParsedDataset {
  readonly #records: Records;
  readonly #resolver: ColumnResolver;
  #format: DatasetFormat | null = null;

  constructor(records: Records, hints: ColumnHints) {
    this.#records = records;
    this.#resolver = new ColumnResolver(hints);
  }

  get columns(): readonly DatasetColumn[] {
    return this.#resolver.columns;
  }

  get format(): DatasetFormat | null {
    return this.#format;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<DatasetRow> {
    const keys = new ItemKeys();
    let rows = 0;
    const records = this.#records((format) => {
      this.#format = format;
    });
    for await (const record of records) {
      const where = record.cells ? 'header' : rowText(record.row, record.line);
      const fields = this.#resolver.resolve(record.names, where);
      // A named column that is missing is better told before "no column is recognised".
      if (record.cells && rows === 0) this.#resolver.refuseUnusedHints();
      if (fields.every((field) => field === null)) throw unrecognised(where, record);
      rows += 1;
      yield keys.assign(parseRow(record, fields));
    }
    if (rows === 0) throw datasetInvalid('', 'the dataset has no rows', 'a CSV or TSV file needs a header line and at least one line of data');
    this.#resolver.refuseUnusedHints();
  }
}

function unrecognised(where: string, record: RawRecord): Error {
  const names = record.names.slice(0, 10).map((name) => JSON.stringify(name)).join(', ');
  const hint = record.cells
    ? 'the first line must name the columns, such as prompt, expected and answer; or say which is which in dataset.columns'
    : 'fields are such as prompt, expected and answer; or say which is which in dataset.columns';
  return datasetInvalid(where, `no column is recognised among ${names === '' ? 'none' : names}`, hint);
}
