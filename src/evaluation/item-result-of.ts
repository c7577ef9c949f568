// A row and its scores to the result of the item: did it pass, why, and what differs.

import type { DatasetRow } from './dataset/dataset-row.js';
import type { EvaluatorSpec } from './evaluator-spec.js';
import { f1 } from './evaluators/token-f1.js';
import type { ItemResult, ItemScore } from './item-result.js';
import type { RowScores } from './score-row.js';
import { describeDifferences } from './text/differences.js';
import { squadTokens } from './text/squad-normalize.js';

/** A pure function: the same row and scores always give the same result. `specs` are the evaluators of this row. */
export function itemResultOf(row: DatasetRow, scored: RowScores, specs: readonly EvaluatorSpec[], passThreshold: number): ItemResult {
  const judged = verdict(scored, specs, row.threshold ?? passThreshold);
  const { line: _line, evaluators: _evaluators, ...kept } = row;
  return {
    ...kept,
    repeat: scored.repeat,
    outcome: judged.outcome,
    passed: judged.passed,
    score: judged.score,
    scores: scored.scores,
    reasoning: judged.reasoning,
    differences: judged.passed || row.answer === null ? [] : differences(row.expected, row.answer),
  };
}

interface Verdict {
  readonly outcome: 'ok' | 'error';
  readonly passed: boolean;
  readonly score: number | null;
  readonly reasoning: string;
}

/** All required evaluators that apply to the row decide when there are any, else the weighted mean of the scores that exist. */
function verdict(scored: RowScores, specs: readonly EvaluatorSpec[], passThreshold: number): Verdict {
  if (scored.noAnswer !== null) return error(scored.noAnswer, null);
  const pairs = specs.flatMap((spec) => {
    const score = scored.scores[spec.id];
    return score === undefined ? [] : [{ spec, score }];
  });
  const mean = weightedMean(pairs);
  const unjudged = pairs.find(({ spec, score }) => spec.required && score.score === null && score.passed === false);
  if (unjudged !== undefined) return error(`${unjudged.spec.id}: ${unjudged.score.reason ?? 'no score'}`, mean);
  if (mean === null) return error(pairs.map(({ spec, score }) => `${spec.id}: ${score.reason ?? 'no score'}`).join('; '), null);
  const required = pairs.filter(({ spec, score }) => spec.required && score.passed !== null);
  const passed = required.length > 0 ? required.every(({ score }) => score.passed === true) : mean >= passThreshold;
  return { outcome: 'ok', passed, score: mean, reasoning: reasoning(pairs, required.length > 0, mean, passThreshold) };
}

interface Scored {
  readonly spec: EvaluatorSpec;
  readonly score: ItemScore;
}

function error(reasoning: string, score: number | null): Verdict {
  return { outcome: 'error', passed: false, score, reasoning };
}

function weightedMean(pairs: readonly Scored[]): number | null {
  let sum = 0;
  let weights = 0;
  for (const { spec, score } of pairs) {
    if (score.score === null) continue;
    sum += score.score * spec.weight;
    weights += spec.weight;
  }
  return weights === 0 ? null : sum / weights;
}

/** `f1 0.62 under 0.80; contains: "refund" not found; mean 0.31 under 0.50` */
function reasoning(pairs: readonly Scored[], hasRequired: boolean, mean: number, passThreshold: number): string {
  const applying = pairs.filter(({ score }) => score.passed !== null);
  const parts = applying.map(({ spec, score }) => {
    if (score.score === null) return `${spec.id}: ${score.reason ?? 'no score'}`;
    if (score.passed === true) return `${spec.id} ${two(score.score)}`;
    if (score.reason !== null && score.score === 0) return `${spec.id}: ${score.reason}`;
    const reason = score.reason === null ? '' : `: ${score.reason}`;
    return `${spec.id} ${two(score.score)}${spec.not ? '' : ` under ${two(spec.threshold)}`}${reason}`;
  });
  if (!hasRequired && applying.length > 1) parts.push(`mean ${two(mean)}${mean >= passThreshold ? '' : ` under ${two(passThreshold)}`}`);
  return parts.join('; ');
}

/** Cut and not rounded: 0.799 must not read "0.80 under 0.80". */
function two(value: number): string {
  return (Math.floor(value * 100 + 1e-9) / 100).toFixed(2);
}

function differences(expected: readonly string[] | null, answer: string): string[] {
  const [first = '', ...others] = expected ?? [];
  if (expected === null || (first === '' && others.length === 0)) return [];
  return describeDifferences(others.length === 0 ? first : nearestReference(expected, answer), answer);
}

function nearestReference(expected: readonly string[], answer: string): string {
  const given = squadTokens(answer);
  const rated = expected.map((reference) => ({ reference, score: f1(squadTokens(reference), given) }));
  return rated.reduce((best, next) => (next.score > best.score ? next : best)).reference;
}
