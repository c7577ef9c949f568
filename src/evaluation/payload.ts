// The `evaluation` payload with every default filled in. The only way from JSON to a runnable evaluation.

import * as z from 'zod/mini';

import { canonicalSha256 } from '../domain/canonical-json.js';
import { AppError } from '../domain/errors.js';
import type { BlobRef } from '../domain/job.js';
import type { JsonObject } from '../domain/json.js';
import { nearest } from '../domain/nearest.js';
import type { DatasetField } from './dataset/dataset-row.js';
import type { DatasetFormat } from './dataset/format.js';
import { DEFAULT_EVALUATORS, resolveEvaluators, type EvaluatorSpec } from './evaluator-spec.js';
import { parseMetricName, unknownMetric } from './metric-names.js';
import { evaluationPayloadSchema, type WrittenGate, type WrittenPayload } from './payload-schema.js';
import { describeIssues } from './schema-issues.js';
import { withInlineRow } from './single-row-payload.js';
import type { GateUse } from './summary.js';
import type { TargetType } from './targets/registry.js';

export type ColumnHints = Readonly<Partial<Record<DatasetField, string>>>;

export interface RowSelection {
  /** Field or column name to the accepted values; a row must fit all of them. */
  readonly filter: Readonly<Record<string, readonly string[]>>;
  /** The first so many rows that fit the filter. */
  readonly limit: number | null;
  /** Of those, n chosen by hash: the same seed chooses the same items, also after rows were added or moved. */
  readonly sample: { readonly n: number; readonly seed: number } | null;
}

export interface DatasetSource {
  /** Exactly one of `ref` and `rows` is set. */
  readonly ref: BlobRef | null;
  readonly rows: readonly JsonObject[] | null;
  readonly fileName: string | null;
  /** Null: found out from the file name and content. */
  readonly format: DatasetFormat | null;
  readonly columns: ColumnHints;
  readonly selection: RowSelection;
}

export interface Gate {
  readonly metric: string;
  readonly min: number | null;
  readonly max: number | null;
  readonly use: GateUse;
}

export interface EvaluationPayload {
  readonly schemaVersion: 1;
  readonly name: string | null;
  readonly dataset: DatasetSource;
  readonly target: { readonly type: TargetType };
  readonly evaluators: readonly EvaluatorSpec[];
  /** An item without required evaluators passes when the weighted mean of its scores reaches this. */
  readonly passThreshold: number;
  readonly repeats: 1;
  readonly gates: readonly Gate[];
}

/**
 * Checks a payload as people write it: also the short form with one question, `{prompt, expected, answer}`.
 * Throws PAYLOAD_INVALID with the path of each problem; `details.problems` lists all of them.
 */
export function parseEvaluationPayload(value: unknown): EvaluationPayload {
  const written = withInlineRow(value);
  const parsed = z.safeParse(evaluationPayloadSchema, written);
  if (!parsed.success) throw invalid(describeIssues(parsed.error.issues, written), remedyFor(parsed.error.issues));
  const problems: string[] = [];
  const payload = fillDefaults(parsed.data, problems);
  if (problems.length > 0) throw invalid(problems);
  return payload;
}

/** Identifies what decides an item's scores: equal hashes, comparable results. Dataset, name and gates are not part of it. */
export function configSha256(payload: EvaluationPayload): string {
  const { target, evaluators, passThreshold, repeats } = payload;
  return canonicalSha256({ target, evaluators, passThreshold, repeats });
}

function fillDefaults(written: WrittenPayload, problems: string[]): EvaluationPayload {
  const evaluators = resolveEvaluators(written.evaluators ?? DEFAULT_EVALUATORS, ['evaluators'], problems);
  return {
    schemaVersion: 1,
    name: written.name ?? null,
    dataset: datasetSource(written.dataset, problems),
    target: written.target,
    evaluators,
    passThreshold: written.passThreshold,
    repeats: 1,
    gates: written.gates.map((gate, index) => checkedGate(gate, `gates[${index}]`, evaluators, problems)),
  };
}

function datasetSource(written: WrittenPayload['dataset'], problems: string[]): DatasetSource {
  if ((written.ref === undefined) === (written.rows === undefined)) {
    problems.push(`dataset: expected either \`ref\` (a stored file) or \`rows\`, got ${written.ref === undefined ? 'neither' : 'both'}`);
  }
  const filter = Object.entries(written.filter ?? {}).map(([name, values]) => [name, typeof values === 'string' ? [values] : values] as const);
  return {
    ref: written.ref ?? null,
    rows: written.rows ?? null,
    fileName: written.fileName ?? null,
    format: written.format ?? null,
    columns: written.columns ?? {},
    selection: { filter: Object.fromEntries(filter), limit: written.limit ?? null, sample: written.sample ?? null },
  };
}

function checkedGate(gate: WrittenGate, path: string, evaluators: readonly EvaluatorSpec[], problems: string[]): Gate {
  const ids = evaluators.map((spec) => spec.id);
  if (parseMetricName(gate.metric, ids) === null) problems.push(`${path}.metric: ${unknownMetric(gate.metric, ids)}`);
  if (gate.min === undefined && gate.max === undefined) problems.push(`${path}: expected \`min\` or \`max\`, got neither`);
  return { metric: gate.metric, min: gate.min ?? null, max: gate.max ?? null, use: gate.use ?? 'value' };
}

function invalid(problems: readonly string[], hint?: string): AppError {
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new AppError('PAYLOAD_INVALID', `evaluation payload: ${problems[0] ?? 'not usable'}${more}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { problems },
  });
}

function remedyFor(issues: readonly z.core.$ZodIssue[]): string | undefined {
  if (issues[0]?.path[0] === 'dataset' && issues[0].path.length === 1) {
    return 'add the dataset: `--file answers.csv`, or one question as {"prompt": "…", "expected": "…", "answer": "…"}';
  }
  const unknown = issues.find((issue) => issue.code === 'unrecognized_keys' && issue.path.length === 0);
  if (unknown?.code !== 'unrecognized_keys') return undefined;
  const known = Object.keys(evaluationPayloadSchema.def.shape);
  const near = nearest(unknown.keys[0] ?? '', known);
  return near === undefined ? `the fields are ${known.join(', ')}` : `did you mean \`${near}\`?`;
}
