// `exact`: the answer equals one of the expected answers. With `normalize: squad` it is the exact match of the SQuAD 2.0 script.

import * as z from 'zod/mini';

import { normalize, normalizeOption, type Normalization } from '../text/normalize.js';
import { bestOf, defineEvaluator, fail, pass, type EvaluatorInput, type Judgement } from './evaluator.js';
import { squadReferences } from './squad-references.js';

export const exact = defineEvaluator({
  type: 'exact',
  summary: 'the answer equals an expected answer',
  scale: 'binary',
  defaultThreshold: 1,
  options: z.strictObject({ normalize: normalizeOption }),
  create: (options) => ({ judge: (input) => judgeExact(input, options.normalize) }),
});

function judgeExact({ answer, expected }: EvaluatorInput, how: Normalization): Judgement {
  const references = how === 'squad' ? squadReferences(expected) : expected;
  const given = normalize(answer, how);
  return bestOf(references, (reference) => (given === normalize(reference, how) ? pass() : fail('differs from the expected answer')));
}
