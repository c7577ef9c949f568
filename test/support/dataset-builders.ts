// Datasets, rows and item results for tests of the evaluation workload.

import type { DatasetRow } from '../../src/evaluation/dataset/dataset-row.js';
import { parseDataset, type DatasetOptions } from '../../src/evaluation/dataset/parse-dataset.js';
import type { ItemResult } from '../../src/evaluation/item-result.js';

/** The bytes of a text in chunks of `chunkBytes`: small chunks cut through characters, quotes and line ends. */
export async function* bytesOf(content: string | Uint8Array, chunkBytes = 7): AsyncGenerator<Uint8Array> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  for (let at = 0; at < bytes.length; at += chunkBytes) yield await Promise.resolve(bytes.subarray(at, at + chunkBytes));
}

export async function rowsOf(content: string | Uint8Array, options: DatasetOptions = {}, chunkBytes?: number): Promise<DatasetRow[]> {
  return collect(parseDataset(bytesOf(content, chunkBytes), options));
}

export async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = [];
  for await (const value of values) all.push(value);
  return all;
}

export async function* inOrder<Value>(values: readonly Value[]): AsyncGenerator<Value> {
  for (const value of values) yield await Promise.resolve(value);
}

/** RFC 4180 text of rows of cells; every cell quoted when `quoteAll`. */
export function delimitedText(rows: readonly (readonly string[])[], options: { delimiter?: string; newline?: string; quoteAll?: boolean } = {}): string {
  const { delimiter = ',', newline = '\n', quoteAll = false } = options;
  const cell = (text: string): string => (quoteAll || /["\r\n]|^\s|\s$/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => row.map(cell).join(delimiter) + newline).join('');
}

export function aRow(overrides: Partial<DatasetRow> = {}): DatasetRow {
  return {
    itemKey: 'row-1',
    itemHash: '0'.repeat(64),
    row: 1,
    line: 2,
    id: 'row-1',
    input: 'What is the capital of France?',
    turns: null,
    expected: ['Paris'],
    answer: 'Paris',
    answerCut: null,
    context: [],
    category: null,
    group: null,
    tags: [],
    name: null,
    knowledgeSource: null,
    instructions: null,
    threshold: null,
    evaluators: null,
    latencyMs: null,
    usage: null,
    extra: {},
    ...overrides,
  };
}

export function anItem(overrides: Partial<ItemResult> = {}): ItemResult {
  const { line: _line, evaluators: _evaluators, ...row } = aRow();
  return {
    ...row,
    repeat: 1,
    outcome: 'ok',
    passed: true,
    score: 1,
    scores: { match: { type: 'text-match', score: 1, passed: true, reason: null } },
    reasoning: 'match 1.00',
    differences: [],
    ...overrides,
  };
}
