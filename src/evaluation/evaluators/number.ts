// `number`: the numbers of an expected answer occur in the answer, in whatever notation, within a tolerance.

import * as z from 'zod/mini';

import { findNumbers, sameNumber, type DecimalMark, type FoundNumber } from '../text/find-numbers.js';
import { bestOf, defineEvaluator, type Judgement } from './evaluator.js';

/** Rounding of binary fractions only: 0.1 + 0.2 must equal 0.3. */
const ROUNDING = 1e-9;

const bound = z.number().check(z.gte(0));

export const number = defineEvaluator({
  type: 'number',
  summary: 'the share of the expected numbers that the answer names, in any notation, within a tolerance',
  scale: 'graded',
  defaultThreshold: 1,
  options: z.strictObject({
    value: z.optional(z.number()),
    tolerance: z._default(z.strictObject({ absolute: z._default(bound, 0), relative: z._default(bound, ROUNDING) }), { absolute: 0, relative: ROUNDING }),
    decimal: z._default(z.enum(['.', ',']), '.'),
  }),
  create: ({ value, tolerance, decimal }) => {
    const fixed = value === undefined ? null : [decimal === '.' ? String(value) : String(value).replace('.', ',')];
    return { judge: ({ answer, expected }) => judgeNumbers(findNumbers(answer, decimal), fixed ?? expected, decimal, tolerance) };
  },
});

interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/** An accepted answer without a number ("five years") excuses any: then only finding the numbers of another one counts. */
function judgeNumbers(given: readonly FoundNumber[], references: readonly string[] | null, decimal: DecimalMark, tolerance: Tolerance): Judgement {
  const wanted = (references ?? []).map((reference) => findNumbers(reference, decimal));
  const best = bestOf(references, (reference) => shareFound(given, findNumbers(reference, decimal), tolerance));
  if (best.score === 1 || !wanted.some((numbers) => numbers.length === 0)) return best;
  return { score: null, reason: 'the expected answer has no number', notApplicable: true };
}

function shareFound(given: readonly FoundNumber[], wanted: readonly FoundNumber[], tolerance: Tolerance): Judgement {
  if (wanted.length === 0) return { score: null, reason: null };
  const missing = unmatchedNumbers(wanted, given, tolerance);
  const score = (wanted.length - missing.length) / wanted.length;
  if (score === 1) return { score, reason: null };
  const got = given.length === 0 ? 'no number' : given.slice(0, 5).map((found) => found.text).join(', ');
  return { score, reason: `expected ${missing.slice(0, 5).map((found) => found.text).join(', ')}, got ${got}` };
}

/** The wanted numbers without a partner; each given number serves one of them, the nearest first. */
export function unmatchedNumbers(wanted: readonly FoundNumber[], given: readonly FoundNumber[], tolerance: Tolerance): FoundNumber[] {
  const free = [...given];
  return wanted.filter((number) => {
    let nearest = -1;
    free.forEach((candidate, index) => {
      if (!sameNumber(number, candidate, tolerance)) return;
      const best = free[nearest];
      if (best === undefined || Math.abs(candidate.value - number.value) < Math.abs(best.value - number.value)) nearest = index;
    });
    if (nearest === -1) return true;
    free.splice(nearest, 1);
    return false;
  });
}
