// What an evaluator is: one file per type in this folder defines one, registry.ts lists them.

import * as z from 'zod/mini';

import type { Json } from '../../domain/json.js';

export interface EvaluatorInput {
  /** Never null: a row without an answer is an error before any evaluator sees it. */
  readonly answer: string;
  /** Null when the row names no expected answer; `['']` when the right answer is no answer. */
  readonly expected: readonly string[] | null;
}

export interface Judgement {
  /** 0 to 1, or null when there is none; then `reason` says why. */
  readonly score: number | null;
  readonly reason: string | null;
  /** True with a null score: there is nothing to judge in this row, which is no fault of the answer or the row. */
  readonly notApplicable?: boolean;
}

export interface Evaluator {
  /** Does not throw for any answer; what it cannot judge it returns as null. */
  judge(input: EvaluatorInput): Judgement | Promise<Judgement>;
}

export interface EvaluatorType {
  readonly type: string;
  /** One line for people. */
  readonly summary: string;
  /** `binary` scores are 0 or 1 by definition and get Wilson intervals; `graded` ones get Student's t. */
  readonly scale: 'binary' | 'graded';
  readonly defaultThreshold: number;
  /** Refuses unknown options. */
  readonly options: z.core.$ZodType;
  /** Compiles patterns and schemas once per job. Throws EvaluatorOptionError when they cannot be used. */
  create(options: Json): Promise<Evaluator>;
}

/** The options have the right shape but cannot work (a pattern or schema that does not compile). */
export class EvaluatorOptionError extends Error {
  override readonly name = 'EvaluatorOptionError';
  readonly option: string;

  constructor(option: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.option = option;
  }
}

interface EvaluatorDefinition<Schema extends z.core.$ZodType> extends Omit<EvaluatorType, 'options' | 'create'> {
  readonly options: Schema;
  create(options: z.output<Schema>): Evaluator | Promise<Evaluator>;
}

/** Ties an evaluator's option schema to its factory, so that `create` receives checked options. */
export function defineEvaluator<Schema extends z.core.$ZodType>(definition: EvaluatorDefinition<Schema>): EvaluatorType {
  return {
    ...definition,
    create: async (options) => definition.create(z.parse(definition.options, options)),
  };
}

export const NO_EXPECTED: Judgement = { score: null, reason: 'the row has no expected answer' };

/** The best score over all accepted answers; the first reference wins a tie. Null without references. */
export function bestOf(references: readonly string[] | null, judge: (reference: string) => Judgement): Judgement {
  if (references === null || references.length === 0) return NO_EXPECTED;
  let best: Judgement | undefined;
  for (const reference of references) {
    const next = judge(reference);
    if (best === undefined || (next.score ?? -1) > (best.score ?? -1)) best = next;
    if (best.score === 1) return best;
  }
  return best ?? NO_EXPECTED;
}

export function pass(reason: string | null = null): Judgement {
  return { score: 1, reason };
}

export function fail(reason: string): Judgement {
  return { score: 0, reason };
}
