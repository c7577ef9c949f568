// The short payload of a single evaluation: one question, its expected and its recorded answer, beside the usual fields.

import { fieldOfName, foldName, TWO_WAY_NAME } from './dataset/column-names.js';
import { evaluationPayloadSchema } from './payload-schema.js';

/**
 * `{prompt, expected, answer, evaluators?, …}` becomes a payload with one inline row. Everything that has a `dataset` or
 * no field of a row is returned as it is, for the schema to judge.
 */
export function withInlineRow(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || 'dataset' in value) return value;
  const known = Object.keys(evaluationPayloadSchema.def.shape);
  const entries: [string, unknown][] = Object.entries(value);
  // `name` and `evaluators` are fields of rows too; here they are the job's.
  const row = entries.filter(([key]) => !known.includes(key) && fieldOfName(key) !== null);
  if (row.length === 0) return value;
  const rest = entries.filter(([key]) => known.includes(key) || fieldOfName(key) === null);
  // Beside a question, `answer` is what was answered: nobody writes a payload for a question without an answer.
  const answer = row.find(([key]) => foldName(key) === TWO_WAY_NAME)?.[0];
  const otherAnswer = row.some(([key]) => key !== answer && fieldOfName(key) === 'answer');
  const columns = answer === undefined || otherAnswer ? {} : { columns: { answer } };
  return { ...Object.fromEntries(rest), dataset: { rows: [Object.fromEntries(row)], ...columns } };
}
