// What a target is: where answers come from. It is asked once per row and repeat.

import type { DatasetRow } from '../dataset/dataset-row.js';

export interface TargetAnswer {
  /** Null when the target has none for this row; then `reason` says why and the item is an error. */
  readonly answer: string | null;
  readonly reason: string | null;
}

export interface Target {
  answer(row: DatasetRow): TargetAnswer | Promise<TargetAnswer>;
}
