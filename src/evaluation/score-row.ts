// One row through target and evaluators. The scores are small and are what a checkpoint keeps; item-result-of.ts puts
// them together with the row again.

import type { DatasetRow } from './dataset/dataset-row.js';
import type { Judgement } from './evaluators/evaluator.js';
import type { EvaluatorSpec, PreparedEvaluator } from './evaluator-spec.js';
import type { ItemScore } from './item-result.js';
import type { Target } from './targets/target.js';

/** What scoring a row yields, without the row's texts. A type and not an interface, so that it counts as JSON. */
export type RowScores = {
  readonly itemKey: string;
  readonly repeat: number;
  /** Why there is no answer; null when there is one. */
  readonly noAnswer: string | null;
  readonly scores: Readonly<Record<string, ItemScore>>;
};

/** Does not throw for anything a row can hold. */
export async function scoreRow(row: DatasetRow, target: Target, evaluators: readonly PreparedEvaluator[]): Promise<RowScores> {
  const { answer, reason } = await target.answer(row);
  if (answer === null) return { itemKey: row.itemKey, repeat: 1, noAnswer: reason ?? 'the target gave no answer', scores: {} };
  const entries: [string, ItemScore][] = [];
  for (const { spec, evaluator } of evaluators) {
    const judged = evaluator.judge({ answer, expected: row.expected });
    entries.push([spec.id, toScore(spec, judged instanceof Promise ? await judged : judged)]);
  }
  return { itemKey: row.itemKey, repeat: 1, noAnswer: null, scores: Object.fromEntries(entries) };
}

function toScore(spec: EvaluatorSpec, judgement: Judgement): ItemScore {
  const { type, threshold, not } = spec;
  if (judgement.score === null) return { type, score: null, passed: judgement.notApplicable === true ? null : false, reason: judgement.reason };
  const reached = judgement.score >= threshold;
  if (!not) return { type, score: judgement.score, passed: reached, reason: judgement.reason };
  return { type, score: 1 - judgement.score, passed: !reached, reason: reached ? 'must not hold, but does' : null };
}
