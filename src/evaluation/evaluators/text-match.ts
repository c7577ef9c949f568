// `text-match`: what a payload without evaluators gets. Long expected answers are compared by token F1 alone; a short one
// ("Paris") also counts as right when the answer contains it, since a full sentence around it would otherwise fail.

import * as z from 'zod/mini';

import { squadNormalize, squadTokens } from '../text/squad-normalize.js';
import { bestOf, defineEvaluator, type EvaluatorInput, type Judgement } from './evaluator.js';
import { squadReferences } from './squad-references.js';
import { f1 } from './token-f1.js';

const SHORT_TOKENS = 5;

export const textMatch = defineEvaluator({
  type: 'text-match',
  summary: 'token F1; for an expected answer of at most five words also 1 when the answer contains it',
  scale: 'graded',
  defaultThreshold: 0.8,
  options: z.strictObject({}),
  create: () => ({ judge: judgeTextMatch }),
});

function judgeTextMatch({ answer, expected }: EvaluatorInput): Judgement {
  const given = squadTokens(answer);
  return bestOf(squadReferences(expected), (reference) => {
    const gold = squadTokens(reference);
    if (gold.length > 0 && gold.length <= SHORT_TOKENS && containsWords(given.join(' '), squadNormalize(reference))) return { score: 1, reason: null };
    return { score: f1(gold, given), reason: null };
  });
}

/** Scripts that do not put spaces between words: a match inside a run of letters is a match. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const WORD = /[\p{L}\p{N}_]/u;

/** Whether `wanted` occurs in `text` as whole words. */
export function containsWords(text: string, wanted: string): boolean {
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) {
    if (!splitsWord(text, at) && !splitsWord(text, at + wanted.length)) return true;
  }
  return false;
}

function splitsWord(text: string, at: number): boolean {
  const before = lastCharacter(text, at);
  const after = text.codePointAt(at);
  if (before === '' || after === undefined) return false;
  const next = String.fromCodePoint(after);
  return WORD.test(before) && WORD.test(next) && !UNSPACED.test(before) && !UNSPACED.test(next);
}

function lastCharacter(text: string, end: number): string {
  const pair = text.slice(Math.max(0, end - 2), end);
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(pair) ? pair : pair.slice(-1);
}
