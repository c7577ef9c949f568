// The key of every row: stable when rows are added, removed or moved, so that a run can be resumed and compared.

import { EVALUATION_LIMITS } from '../limits.js';
import { datasetInvalid, datasetTooLarge, rowText } from './dataset-errors.js';
import type { DatasetRow } from './dataset-row.js';
import type { UnkeyedRow } from './parse-row.js';

interface Place {
  readonly row: number;
  readonly line: number | null;
}

/** Hands out keys for the rows of one dataset, in file order. */
export class ItemKeys {
  readonly #places = new Map<string, Place>();
  readonly #repeats = new Map<string, number>();

  /** Throws DATASET_INVALID naming both rows when an id occurs twice, DATASET_TOO_LARGE over the row limit. */
  assign(row: UnkeyedRow): DatasetRow {
    if (this.#places.size >= EVALUATION_LIMITS.datasetRows) {
      throw datasetTooLarge(`the dataset has more than ${EVALUATION_LIMITS.datasetRows} rows`, 'split it');
    }
    const { contentKey, ...rest } = row;
    const itemKey = row.id ?? this.#generated(contentKey);
    const first = this.#places.get(itemKey);
    if (first !== undefined) {
      throw datasetInvalid(rowText(row.row, row.line), `id ${JSON.stringify(itemKey)} was used before, in ${rowText(first.row, first.line)}`, 'ids must be unique; without an id column the rows are told apart by their content');
    }
    this.#places.set(itemKey, { row: row.row, line: row.line });
    return { itemKey, ...rest };
  }

  #generated(contentKey: string): string {
    let count = (this.#repeats.get(contentKey) ?? 0) + 1;
    const key = (): string => (count === 1 ? contentKey : `${contentKey}-${count}`);
    while (this.#places.has(key())) count += 1;
    this.#repeats.set(contentKey, count);
    return key();
  }
}
