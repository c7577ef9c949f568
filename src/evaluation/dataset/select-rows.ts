// Which rows of a dataset a job evaluates: filter, then limit, then sample.

import { createHash } from 'node:crypto';

import type { Json } from '../../domain/json.js';
import type { RowSelection } from '../payload.js';
import { fieldOfName, foldName } from './column-names.js';
import { datasetInvalid } from './dataset-errors.js';
import type { DatasetRow } from './dataset-row.js';

export interface RowChooser {
  /** How many rows are chosen. */
  readonly total: number;
  /** Rows must be asked for in file order, each once a pass; `start` begins a pass. */
  start(): (row: DatasetRow) => boolean;
}

/**
 * Reads all rows once (so a fault in the last one is known before the first is evaluated) and remembers what is chosen:
 * nothing but numbers, or the keys of a sample. Throws DATASET_INVALID when no row is left.
 */
export async function chooseRows(rows: AsyncIterable<DatasetRow>, selection: RowSelection): Promise<RowChooser> {
  const { limit, sample } = selection;
  const ranked: { rank: string; key: string }[] = [];
  let fitting = 0;
  const start = beforeSampling(selection);
  const fits = start();
  for await (const row of rows) {
    if (!fits(row)) continue;
    fitting += 1;
    if (sample !== null) ranked.push({ rank: sampleRank(row.itemKey, sample.seed), key: row.itemKey });
  }
  if (fitting === 0) throw datasetInvalid('', `no row fits the filter ${JSON.stringify(selection.filter)}`, limit === null ? undefined : 'the limit applies after the filter');
  if (sample === null || sample.n >= fitting) return { total: fitting, start };
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const keys = new Set(ranked.slice(0, sample.n).map((entry) => entry.key));
  return { total: keys.size, start: () => (row) => keys.has(row.itemKey) };
}

function beforeSampling({ filter, limit }: RowSelection): () => (row: DatasetRow) => boolean {
  const conditions = Object.entries(filter);
  return () => {
    let left = limit ?? Infinity;
    return (row) => {
      if (left <= 0 || !conditions.every(([name, values]) => valuesOf(row, name).some((value) => values.includes(value)))) return false;
      left -= 1;
      return true;
    };
  };
}

/** The texts a filter compares with: of a field, or of an extra column by its name. */
function valuesOf(row: DatasetRow, name: string): readonly string[] {
  const field = fieldOfName(name);
  if (field === 'tags') return row.tags;
  const value: Json | undefined =
    field === 'id' || field === 'category' || field === 'group' || field === 'name' || field === 'knowledgeSource'
      ? row[field]
      : Object.entries(row.extra).find(([column]) => foldName(column) === foldName(name))?.[1];
  if (value === undefined || value === null) return [];
  return [typeof value === 'string' ? value : JSON.stringify(value)];
}

function sampleRank(itemKey: string, seed: number): string {
  return createHash('sha256').update(`${seed}:${itemKey}`).digest('hex');
}
