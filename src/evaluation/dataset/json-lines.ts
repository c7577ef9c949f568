// JSONL: one JSON object a line. Empty lines are skipped.

import type { Json } from '../../domain/json.js';
import { EVALUATION_LIMITS } from '../limits.js';
import { shortValue } from '../schema-issues.js';
import { oneLine } from '../text/one-line.js';
import { datasetInvalid, rowText } from './dataset-errors.js';
import type { RawRecord } from './raw-record.js';

/** Streams the records. Throws DATASET_INVALID with row and line. */
export async function* jsonLineRecords(text: AsyncIterable<string>): AsyncGenerator<RawRecord> {
  let row = 0;
  let line = 0;
  for await (const content of lines(text)) {
    line += 1;
    if (content.trim() === '') continue;
    row += 1;
    const where = rowText(row, line);
    // UTF-16 units first: counting bytes of every line would cost more than parsing it.
    if (content.length > EVALUATION_LIMITS.rowBytes / 4 && Buffer.byteLength(content) > EVALUATION_LIMITS.rowBytes) throw rowTooLarge(where);
    yield objectRecord(parseLine(content, where), row, line);
  }
}

/** A record from a JSON object; throws DATASET_INVALID for anything else. */
export function objectRecord(value: Json, row: number, line: number | null): RawRecord {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw datasetInvalid(rowText(row, line), `expected a JSON object, got ${shortValue(value)}`);
  }
  return { row, line, names: Object.keys(value), values: Object.values(value), cells: false };
}

export function rowTooLarge(where: string): Error {
  return datasetInvalid(where, 'the row is larger than 1 MB');
}

function parseLine(content: string, where: string): Json {
  try {
    return JSON.parse(content) as Json;
  } catch (error) {
    throw datasetInvalid(where, `not valid JSON: ${oneLine(error instanceof Error ? error.message : String(error))}`);
  }
}

/** Splits at LF and CRLF; a line over the row limit is refused before it is held whole. */
async function* lines(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  let line = 1;
  for await (const chunk of text) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) yield part;
    line += parts.length;
    if (rest.length > EVALUATION_LIMITS.rowBytes) throw rowTooLarge(`line ${line}`);
  }
  if (rest !== '') yield rest;
}
