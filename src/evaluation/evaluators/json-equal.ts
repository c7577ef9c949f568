// `json-equal`: the answer and an expected answer are the same JSON value, whatever the order of keys and the spacing.

import * as z from 'zod/mini';

import { EVALUATION_LIMITS } from '../limits.js';
import { bestOf, defineEvaluator, fail, pass, type Judgement } from './evaluator.js';
import { parseJsonAnswer } from './json-answer.js';

export const jsonEqual = defineEvaluator({
  type: 'json-equal',
  summary: 'the answer is the same JSON value as an expected answer',
  scale: 'binary',
  defaultThreshold: 1,
  options: z.strictObject({ allowFence: z._default(z.boolean(), false) }),
  create: ({ allowFence }) => ({
    judge: ({ answer, expected }) => {
      const given = parseJsonAnswer(answer, allowFence);
      return bestOf(expected, (reference) => (given.ok ? compare(given.value, reference) : fail(given.reason)));
    },
  }),
});

function compare(given: unknown, reference: string): Judgement {
  const wanted = parseJsonAnswer(reference, false);
  if (!wanted.ok) return { score: null, reason: 'the expected answer is not valid JSON' };
  const difference = firstDifference(given, wanted.value, '$', 0);
  return difference === null ? pass() : fail(`differs at ${difference}`);
}

/** The path of the first difference, or null. Too deep values differ: recursion must end before the stack does. */
function firstDifference(a: unknown, b: unknown, path: string, depth: number): string | null {
  if (Object.is(a, b) || a === b) return null;
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return path;
  if (depth >= EVALUATION_LIMITS.jsonDepth) return `${path.slice(0, 40)}… (nested too deep)`;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const key of keys) {
    const where = Array.isArray(a) ? `${path}[${key}]` : `${path}.${key}`;
    if (!Object.hasOwn(a, key) || !Object.hasOwn(b, key)) return where;
    const difference = firstDifference(a[key], b[key], where, depth + 1);
    if (difference !== null) return difference;
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
