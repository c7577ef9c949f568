// Evaluators as a job uses them: written in a payload or a dataset row, checked, with every default filled in.

import * as z from 'zod/mini';

import type { JsonObject } from '../domain/json.js';
import { nearest } from '../domain/nearest.js';
import { EvaluatorOptionError, type Evaluator } from './evaluators/evaluator.js';
import { EVALUATOR_TYPES } from './evaluators/registry.js';
import type { WrittenEvaluator } from './payload-schema.js';
import { describeIssues, pathText } from './schema-issues.js';

export interface EvaluatorSpec {
  readonly id: string;
  readonly type: string;
  readonly options: JsonObject;
  /** The score from which the evaluator passes. */
  readonly threshold: number;
  readonly required: boolean;
  readonly weight: number;
  readonly not: boolean;
}

/** Used when a payload names no evaluators. */
export const DEFAULT_EVALUATORS: readonly WrittenEvaluator[] = [{ id: 'match', type: 'text-match', required: true }];

/** Metric names that are not evaluators; an evaluator cannot have one of them as id. */
export const RESERVED_IDS = ['passRate', 'errorRate', 'score', 'latency', 'counts', 'category'];

/** Fills defaults and checks types, options and ids; every problem is added to `problems` with its path. */
export function resolveEvaluators(written: readonly WrittenEvaluator[], path: readonly PropertyKey[], problems: string[]): EvaluatorSpec[] {
  const seen = new Map<string, number>();
  return written.flatMap((entry, index) => {
    const here = [...path, index];
    const id = entry.id ?? entry.type;
    const first = seen.get(id);
    if (first !== undefined) problems.push(`${pathText([...here, 'id'])}: expected an id of its own, got "${id}" again (first at ${pathText([...path, first])})`);
    seen.set(id, first ?? index);
    if (RESERVED_IDS.includes(id)) problems.push(`${pathText([...here, 'id'])}: "${id}" is the name of another metric`);
    const spec = resolveEvaluator(entry, id, here, problems);
    return spec === null ? [] : [spec];
  });
}

function resolveEvaluator(entry: WrittenEvaluator, id: string, path: readonly PropertyKey[], problems: string[]): EvaluatorSpec | null {
  const definition = EVALUATOR_TYPES.get(entry.type);
  if (definition === undefined) {
    problems.push(`${pathText([...path, 'type'])}: ${unknownType(entry.type)}`);
    return null;
  }
  const options = entry.options ?? {};
  const checked = z.safeParse(definition.options, options);
  if (!checked.success) {
    problems.push(...describeIssues(checked.error.issues, options, [...path, 'options']));
    return null;
  }
  return {
    id,
    type: entry.type,
    // Written options and not the schema's output: they are JSON for certain, and `create` fills the defaults again.
    options,
    threshold: entry.threshold ?? definition.defaultThreshold,
    required: entry.required ?? false,
    weight: entry.weight ?? 1,
    not: entry.not ?? false,
  };
}

function unknownType(type: string): string {
  const known = [...EVALUATOR_TYPES.keys()];
  const near = nearest(type, known);
  return `expected one of ${known.join(', ')}, got "${type}"${near === undefined ? '' : ` (did you mean "${near}"?)`}`;
}

export interface PreparedEvaluator {
  readonly spec: EvaluatorSpec;
  readonly evaluator: Evaluator;
}

/** Compiles patterns and schemas. Throws EvaluatorOptionError, its message with the evaluator's id. */
export async function prepareEvaluators(specs: readonly EvaluatorSpec[]): Promise<PreparedEvaluator[]> {
  return Promise.all(
    specs.map(async (spec) => {
      const definition = EVALUATOR_TYPES.get(spec.type);
      if (definition === undefined) throw new EvaluatorOptionError('type', `evaluator ${spec.id}: ${unknownType(spec.type)}`);
      try {
        return { spec, evaluator: await definition.create(spec.options) };
      } catch (error) {
        if (!(error instanceof EvaluatorOptionError)) throw error;
        throw new EvaluatorOptionError(error.option, `evaluator ${spec.id}, options.${error.option}: ${error.message}`, error);
      }
    }),
  );
}

