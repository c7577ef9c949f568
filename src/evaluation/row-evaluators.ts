// Evaluators that a dataset row brings along: our own list, or the object form of Microsoft's agent evaluation files.

import * as z from 'zod/mini';

import { canonicalJson } from '../domain/canonical-json.js';
import type { Json, JsonObject } from '../domain/json.js';
import { datasetInvalid, rowText } from './dataset/dataset-errors.js';
import type { DatasetRow } from './dataset/dataset-row.js';
import { EvaluatorOptionError } from './evaluators/evaluator.js';
import { prepareEvaluators, resolveEvaluators, type EvaluatorSpec, type PreparedEvaluator } from './evaluator-spec.js';
import { evaluatorListSchema } from './payload-schema.js';
import { describeIssues } from './schema-issues.js';

/** Names of those files that mean one of our types. */
const FOREIGN_TYPES: Readonly<Record<string, string>> = { exactmatch: 'exact', partialmatch: 'token-f1' };

/** The evaluators of each row: the payload's, extended or replaced by the row's own. Compiles each distinct list once. */
export class RowEvaluatorCache {
  readonly #payload: readonly PreparedEvaluator[];
  readonly #compiled = new Map<string, readonly PreparedEvaluator[]>();

  constructor(payload: readonly PreparedEvaluator[]) {
    this.#payload = payload;
  }

  /** Throws DATASET_INVALID with the row when its evaluators cannot be used. */
  async of(row: DatasetRow): Promise<readonly PreparedEvaluator[]> {
    if (row.evaluators === null) return this.#payload;
    const key = `${row.evaluators.mode} ${canonicalJson(row.evaluators.specs)}`;
    let own = this.#compiled.get(key);
    if (own === undefined) {
      own = this.#merged(row.evaluators.mode, await compile(row, row.evaluators.specs));
      if (this.#compiled.size < 1000) this.#compiled.set(key, own);
    }
    return own;
  }

  #merged(mode: 'extend' | 'replace', own: readonly PreparedEvaluator[]): readonly PreparedEvaluator[] {
    if (mode === 'replace') return own;
    const ids = new Set(own.map(({ spec }) => spec.id));
    return [...this.#payload.filter(({ spec }) => !ids.has(spec.id)), ...own];
  }
}

async function compile(row: DatasetRow, specs: Json): Promise<PreparedEvaluator[]> {
  const where = `${rowText(row.row, row.line)}, column "evaluators"`;
  try {
    return await prepareEvaluators(resolved(specs, where));
  } catch (error) {
    if (error instanceof EvaluatorOptionError) throw datasetInvalid(where, error.message);
    throw error;
  }
}

function resolved(specs: Json, where: string): EvaluatorSpec[] {
  const list = isObject(specs) ? listOf(specs) : specs;
  const parsed = z.safeParse(evaluatorListSchema, list);
  if (!parsed.success) throw datasetInvalid(where, describeIssues(parsed.error.issues, list)[0] ?? 'not a list of evaluators');
  const problems: string[] = [];
  const result = resolveEvaluators(parsed.data, [], problems);
  if (problems[0] !== undefined) throw datasetInvalid(where, problems[0]);
  return result;
}

/** `{"ExactMatch": {"threshold": 1}}` to `[{"id": "ExactMatch", "type": "exact", "threshold": 1}]`. */
function listOf(specs: JsonObject): Json {
  return Object.entries(specs).map(([name, settings]) => {
    const type = FOREIGN_TYPES[name.toLowerCase()] ?? name;
    const threshold = isObject(settings) ? settings['threshold'] : undefined;
    return { id: name, type, ...(threshold === undefined ? {} : { threshold }) };
  });
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
