// `levenshtein`: 1 - edits / length of the longer text, in code points.

import { distance } from 'fastest-levenshtein';
import * as z from 'zod/mini';

import { EVALUATION_LIMITS } from '../limits.js';
import { normalize, normalizeOption } from '../text/normalize.js';
import { oneUnitPerCodePoint } from '../text/code-points.js';
import { bestOf, defineEvaluator, type Judgement } from './evaluator.js';

export const levenshtein = defineEvaluator({
  type: 'levenshtein',
  summary: 'closeness to an expected answer by single-character edits',
  scale: 'graded',
  defaultThreshold: 0.8,
  options: z.strictObject({ normalize: normalizeOption }),
  create: ({ normalize: how }) => ({
    judge: ({ answer, expected }) => {
      const given = normalize(answer, how);
      return bestOf(expected, (reference) => judgePair(given, normalize(reference, how)));
    },
  }),
});

function judgePair(given: string, reference: string): Judgement {
  if (given.length * reference.length > EVALUATION_LIMITS.levenshteinCells) {
    return { score: null, reason: `the texts are too long to compare (${given.length} and ${reference.length} characters)` };
  }
  return { score: levenshteinScore(given, reference), reason: null };
}

/** 1 for equal texts (two empty ones too), 0 when nothing is shared. */
export function levenshteinScore(a: string, b: string): number {
  const [left, right] = oneUnitPerCodePoint(a, b);
  const longer = Math.max(left.length, right.length);
  return longer === 0 ? 1 : 1 - distance(left, right) / longer;
}
