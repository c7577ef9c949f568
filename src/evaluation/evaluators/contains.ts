// `contains`, `contains-all`, `contains-any` and `starts-with`: substrings, from the options or else the expected answers.

import * as z from 'zod/mini';

import { shortValue } from '../schema-issues.js';
import { normalize, normalizeOption, type Normalization } from '../text/normalize.js';
import { bestOf, defineEvaluator, fail, NO_EXPECTED, pass, type EvaluatorInput, type Judgement } from './evaluator.js';

const substring = z.string().check(z.minLength(1), z.maxLength(10_000));
const oneValue = z.strictObject({ value: z.optional(substring), normalize: normalizeOption });
const manyValues = z.strictObject({
  values: z.optional(z.array(substring).check(z.minLength(1), z.maxLength(100))),
  normalize: normalizeOption,
});

export const contains = defineEvaluator({
  type: 'contains',
  summary: 'the answer contains `value`, or else an expected answer',
  scale: 'binary',
  defaultThreshold: 1,
  options: oneValue,
  create: ({ value, normalize: how }) => ({
    judge: (input) => judgeOne(input, value, (answer, wanted) => answer.includes(wanted), 'not found', how),
  }),
});

export const startsWith = defineEvaluator({
  type: 'starts-with',
  summary: 'the answer starts with `value`, or else with an expected answer',
  scale: 'binary',
  defaultThreshold: 1,
  options: oneValue,
  create: ({ value, normalize: how }) => ({
    judge: (input) => judgeOne(input, value, (answer, wanted) => answer.startsWith(wanted), 'not at the start', how),
  }),
});

export const containsAny = defineEvaluator({
  type: 'contains-any',
  summary: 'the answer contains one of `values`, or else of the expected answers',
  scale: 'binary',
  defaultThreshold: 1,
  options: manyValues,
  create: ({ values, normalize: how }) => ({
    judge: ({ answer, expected }) => {
      const found = findAll(answer, values ?? expected, how);
      if (found === null) return NO_EXPECTED;
      return found.present > 0 ? pass() : fail(`none found of ${found.missing.slice(0, 5).map(shortValue).join(', ')}`);
    },
  }),
});

export const containsAll = defineEvaluator({
  type: 'contains-all',
  summary: 'the share of `values`, or else of the expected answers, that the answer contains',
  scale: 'graded',
  defaultThreshold: 1,
  options: manyValues,
  create: ({ values, normalize: how }) => ({
    judge: ({ answer, expected }) => {
      const found = findAll(answer, values ?? expected, how);
      if (found === null) return NO_EXPECTED;
      const score = found.present / (found.present + found.missing.length);
      return { score, reason: score === 1 ? null : `not found: ${found.missing.slice(0, 5).map(shortValue).join(', ')}` };
    },
  }),
});

type Finds = (answer: string, wanted: string) => boolean;

function judgeOne({ answer, expected }: EvaluatorInput, value: string | undefined, finds: Finds, otherwise: string, how: Normalization): Judgement {
  const given = normalize(answer, how);
  return bestOf(value === undefined ? expected : [value], (reference) => {
    const wanted = normalize(reference, how);
    return matches(given, wanted, finds) ? pass() : fail(`${shortValue(reference)} ${otherwise}`);
  });
}

function findAll(answer: string, wanted: readonly string[] | null, how: Normalization): { present: number; missing: string[] } | null {
  if (wanted === null || wanted.length === 0) return null;
  const given = normalize(answer, how);
  const missing = wanted.filter((value) => !matches(given, normalize(value, how), (text, part) => text.includes(part)));
  return { present: wanted.length - missing.length, missing };
}

/** Every text contains the empty one; here it stands for "no answer" and only an empty answer holds it. */
function matches(given: string, wanted: string, finds: Finds): boolean {
  return wanted === '' ? given === '' : finds(given, wanted);
}
