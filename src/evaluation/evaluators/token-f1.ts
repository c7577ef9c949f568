// `token-f1`: the F1 of the SQuAD 2.0 evaluation script over normalised tokens, best over all references.

import * as z from 'zod/mini';

import { squadTokens } from '../text/squad-normalize.js';
import { bestOf, defineEvaluator, type EvaluatorInput, type Judgement } from './evaluator.js';
import { squadReferences } from './squad-references.js';

export const tokenF1 = defineEvaluator({
  type: 'token-f1',
  summary: 'shared words with an expected answer, as the SQuAD 2.0 script counts them',
  scale: 'graded',
  defaultThreshold: 0.8,
  options: z.strictObject({}),
  create: () => ({ judge: judgeTokenF1 }),
});

export function judgeTokenF1({ answer, expected }: EvaluatorInput): Judgement {
  const given = squadTokens(answer);
  return bestOf(squadReferences(expected), (reference) => ({ score: f1(squadTokens(reference), given), reason: null }));
}

/**
 * 2PR / (P + R) over the two bags of tokens. When either side has no tokens: 1 if both have none, else 0.
 * The order of the operations is the script's, so that the last bit is too.
 */
export function f1(gold: readonly string[], given: readonly string[]): number {
  if (gold.length === 0 || given.length === 0) return gold.length === given.length ? 1 : 0;
  const same = sharedTokens(gold, given);
  if (same === 0) return 0;
  const precision = same / given.length;
  const recall = same / gold.length;
  return (2 * precision * recall) / (precision + recall);
}

function sharedTokens(gold: readonly string[], given: readonly string[]): number {
  const left = new Map<string, number>();
  for (const token of gold) left.set(token, (left.get(token) ?? 0) + 1);
  let shared = 0;
  for (const token of given) {
    const count = left.get(token) ?? 0;
    if (count === 0) continue;
    left.set(token, count - 1);
    shared += 1;
  }
  return shared;
}
