// One row of a dataset after its columns were recognised. Everything downstream works on this shape only.

import type { Json } from '../../domain/json.js';

/** The fields a column can carry, in the order in which messages list them. */
export const DATASET_FIELDS = [
  'id',
  'input',
  'turns',
  'expected',
  'answer',
  'context',
  'category',
  'group',
  'tags',
  'name',
  'knowledgeSource',
  'instructions',
  'threshold',
  'evaluators',
  'evaluatorsMode',
  'latencyMs',
  'usage',
] as const;

export type DatasetField = (typeof DATASET_FIELDS)[number];

/** One column as the file names it; `field` is null for columns that are carried along untouched. */
export interface DatasetColumn {
  readonly name: string;
  readonly field: DatasetField | null;
}

export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A text over its limit: what was kept is in the row, this describes the full text. */
export interface CutText {
  readonly bytes: number;
  readonly sha256: string;
}

export interface RowEvaluators {
  readonly mode: 'extend' | 'replace';
  /** Not yet checked against the evaluator registry. */
  readonly specs: Json;
}

export interface DatasetRow {
  /** The given id, or `h` and 16 hex digits over input, turns, context and expected (`-2`, `-3` … for repeats). Unique in a dataset. */
  readonly itemKey: string;
  /** SHA-256 over the whole row as read: differs when a row was edited under a kept id. */
  readonly itemHash: string;
  /** 1 for the first row of data. */
  readonly row: number;
  /** The physical line on which the row starts; null in a JSON file. */
  readonly line: number | null;
  readonly id: string | null;
  readonly input: string | null;
  readonly turns: Json | null;
  /** Accepted answers; null when the row names none; `['']` when the right answer is no answer. */
  readonly expected: readonly string[] | null;
  /** The recorded answer; null when the row has none, `''` when an empty answer was recorded. */
  readonly answer: string | null;
  readonly answerCut: CutText | null;
  readonly context: readonly string[];
  readonly category: string | null;
  readonly group: string | null;
  readonly tags: readonly string[];
  readonly name: string | null;
  readonly knowledgeSource: string | null;
  readonly instructions: string | null;
  /** Overrides the payload's passThreshold for this row. */
  readonly threshold: number | null;
  readonly evaluators: RowEvaluators | null;
  readonly latencyMs: number | null;
  readonly usage: TokenUsage | null;
  /** Columns that carry no field, as read. */
  readonly extra: Readonly<Record<string, Json>>;
}
