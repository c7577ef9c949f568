// `json-valid`: the answer is JSON.

import * as z from 'zod/mini';

import { defineEvaluator, fail, pass } from './evaluator.js';
import { parseJsonAnswer } from './json-answer.js';

export const jsonValid = defineEvaluator({
  type: 'json-valid',
  summary: 'the answer is valid JSON',
  scale: 'binary',
  defaultThreshold: 1,
  options: z.strictObject({ allowFence: z._default(z.boolean(), false) }),
  create: ({ allowFence }) => ({
    judge: ({ answer }) => {
      const parsed = parseJsonAnswer(answer, allowFence);
      return parsed.ok ? pass() : fail(parsed.reason);
    },
  }),
});
