// Joins a payload that says how to evaluate with a dataset file that was stored for it.

import { AppError } from '../domain/errors.js';
import type { BlobRef } from '../domain/job.js';
import type { Json, JsonObject } from '../domain/json.js';
import { parseDataset, type DatasetOptions } from './dataset/parse-dataset.js';
import type { DatasetFormat } from './dataset/format.js';
import type { ByteSource } from './dataset/text-source.js';

export interface StoredDataset {
  readonly ref: BlobRef;
  readonly fileName: string;
  readonly format: DatasetFormat;
}

/**
 * The payload with `dataset.ref`, `fileName` and `format` set; its other dataset settings (columns, filter, limit,
 * sample) stay. Throws PAYLOAD_INVALID when the payload brings data of its own.
 */
export function attachDataset(payload: Json, stored: StoredDataset): JsonObject {
  if (!isObject(payload)) throw new AppError('PAYLOAD_INVALID', 'evaluation payload: expected an object');
  const dataset = payload['dataset'] ?? {};
  if (!isObject(dataset) || 'ref' in dataset || 'rows' in dataset) {
    throw new AppError('PAYLOAD_INVALID', 'dataset: expected no data beside the file, got `ref` or `rows` in the payload too', {
      hint: 'leave out either the file or the data in the payload',
    });
  }
  return { ...payload, dataset: { ...dataset, ref: { ...stored.ref }, fileName: stored.fileName, format: stored.format } };
}

export interface DatasetCheck {
  readonly format: DatasetFormat;
  readonly rows: number;
  /** Rows with an answer that is not empty: without any, there is nothing recorded to evaluate. */
  readonly answered: number;
}

/** Reads a whole dataset and throws what a job would: DATASET_INVALID with the place, or DATASET_TOO_LARGE. */
export async function checkDataset(source: ByteSource, options: DatasetOptions = {}): Promise<DatasetCheck> {
  const dataset = parseDataset(source, options);
  let rows = 0;
  let answered = 0;
  for await (const row of dataset) {
    rows += 1;
    if ((row.answer ?? '').trim() !== '') answered += 1;
  }
  return { format: dataset.format ?? 'json', rows, answered };
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
