// How a dataset is refused: one code, and always the place.

import { AppError } from '../../domain/errors.js';

/** Where a record stands: `row 7 (line 12)`; rows count from 1 without the header. */
export function rowText(row: number, line: number | null): string {
  return line === null ? `row ${row}` : `row ${row} (line ${line})`;
}

export function datasetInvalid(where: string, problem: string, hint?: string): AppError {
  return new AppError('DATASET_INVALID', where === '' ? problem : `${where}: ${problem}`, hint === undefined ? {} : { hint });
}

export function datasetTooLarge(problem: string, hint: string): AppError {
  return new AppError('DATASET_TOO_LARGE', problem, { hint });
}
