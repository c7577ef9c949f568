// The evaluators that exist, by the `type` of a payload's evaluator.

import { contains, containsAll, containsAny, startsWith } from './contains.js';
import type { EvaluatorType } from './evaluator.js';
import { exact } from './exact.js';
import { jsonEqual } from './json-equal.js';
import { jsonSchema } from './json-schema.js';
import { jsonValid } from './json-valid.js';
import { levenshtein } from './levenshtein.js';
import { number } from './number.js';
import { regex } from './regex.js';
import { textMatch } from './text-match.js';
import { tokenF1 } from './token-f1.js';

export const EVALUATOR_TYPES: ReadonlyMap<string, EvaluatorType> = new Map(
  [exact, contains, containsAll, containsAny, startsWith, regex, number, jsonValid, jsonSchema, jsonEqual, levenshtein, tokenF1, textMatch].map(
    (definition) => [definition.type, definition],
  ),
);
