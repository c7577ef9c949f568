// `regex`: the pattern is found in the answer. Runs under a time limit.

import * as z from 'zod/mini';

import { EVALUATION_LIMITS } from '../limits.js';
import { assertRegex, createTimedRegex, RegexTimeoutError, type TimedRegex } from '../text/timed-regex.js';
import { defineEvaluator, fail, pass, type Judgement } from './evaluator.js';

const { patternBytes, patternTimeoutMs, answerBytes } = EVALUATION_LIMITS;

const patternOption = z.string().check(
  z.minLength(1),
  z.refine((text) => Buffer.byteLength(text) <= patternBytes, `a pattern of at most ${patternBytes} bytes`),
);

const options = z
  .strictObject({ pattern: patternOption, flags: z._default(z.string().check(z.regex(/^[imsu]*$/, 'flags of i, m, s and u')), '') })
  .check(
    z.refine((value) => compiles(value.pattern, value.flags), { path: ['pattern'], error: 'a pattern that compiles with these flags' }),
  );

export const regex = defineEvaluator({
  type: 'regex',
  summary: 'a regular expression is found in the answer',
  scale: 'binary',
  defaultThreshold: 1,
  options,
  create: ({ pattern, flags }) => {
    const timed = createTimedRegex(pattern, flags, patternTimeoutMs);
    return { judge: ({ answer }) => judgeRegex(timed, answer) };
  },
});

function judgeRegex(timed: TimedRegex, answer: string): Judgement {
  if (Buffer.byteLength(answer) > answerBytes) return { score: null, reason: `the answer is over ${answerBytes} bytes` };
  try {
    return timed.test(answer) ? pass() : fail('the pattern is not found');
  } catch (error) {
    if (error instanceof RegexTimeoutError) return { score: null, reason: error.message };
    throw error;
  }
}

function compiles(pattern: string, flags: string): boolean {
  try {
    assertRegex(pattern, flags);
    return true;
  } catch {
    return false;
  }
}
