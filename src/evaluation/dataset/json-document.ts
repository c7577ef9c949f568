// JSON: one document with all rows, a list or an object with `items` (the form of Microsoft's agent evaluation files).
// It must be read whole, so it has a size limit of its own.

import type { Json } from '../../domain/json.js';
import { EVALUATION_LIMITS } from '../limits.js';
import { shortValue } from '../schema-issues.js';
import { oneLine } from '../text/one-line.js';
import { datasetInvalid, datasetTooLarge, rowText } from './dataset-errors.js';
import { objectRecord, rowTooLarge } from './json-lines.js';
import type { RawRecord } from './raw-record.js';

/** The records in order. Throws DATASET_INVALID with line and column of a syntax error, or the row. */
export async function* jsonDocumentRecords(text: AsyncIterable<string>): AsyncGenerator<RawRecord> {
  let content = '';
  for await (const chunk of text) {
    content += chunk;
    if (content.length > EVALUATION_LIMITS.jsonFileBytes) throw tooLarge();
  }
  const rows = rowsOf(parseDocument(content));
  for (const [index, value] of rows.entries()) {
    const record = objectRecord(value, index + 1, null);
    if (Buffer.byteLength(JSON.stringify(value)) > EVALUATION_LIMITS.rowBytes) throw rowTooLarge(rowText(record.row, null));
    yield record;
  }
}

/** Rows that stand in a payload. */
export async function* inlineRecords(rows: readonly Json[]): AsyncGenerator<RawRecord> {
  for (const [index, value] of rows.entries()) yield objectRecord(value, index + 1, null);
}

function parseDocument(content: string): Json {
  try {
    return JSON.parse(content) as Json;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw datasetInvalid(positionText(content, message), `not valid JSON: ${oneLine(message.replace(/ in JSON at position .*$/s, ''))}`);
  }
}

function rowsOf(document: Json): readonly Json[] {
  if (isList(document)) return document;
  const items = typeof document === 'object' && document !== null && !isList(document) ? document['items'] : undefined;
  if (items !== undefined && isList(items)) return items;
  throw datasetInvalid('', `expected a list of rows or an object with a list \`items\`, got ${shortValue(document)}`, 'one object a line is JSONL: name the file .jsonl or set "format": "jsonl"');
}

/** Array.isArray does not narrow readonly arrays. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function tooLarge(): Error {
  const limit = EVALUATION_LIMITS.jsonFileBytes / (1024 * 1024);
  return datasetTooLarge(`a dataset in one JSON document can have at most ${limit} MB`, 'write it as JSONL, one object a line: that is read in pieces');
}

/** `line 3, column 14` from the offset in the engine's message; a message without one means the end of the text. */
function positionText(content: string, message: string): string {
  const offset = Number(/position (\d+)/.exec(message)?.[1] ?? content.length);
  const before = content.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
}
