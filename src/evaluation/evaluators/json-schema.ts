// `json-schema`: the answer is JSON that fits a JSON Schema. Never fetches anything: a remote $ref is refused.

import * as z from 'zod/mini';

import { EVALUATION_LIMITS } from '../limits.js';
import { createTimedRegex, RegexTimeoutError } from '../text/timed-regex.js';
import { defineEvaluator, EvaluatorOptionError, fail, pass, type Judgement } from './evaluator.js';
import { parseJsonAnswer } from './json-answer.js';

export const jsonSchema = defineEvaluator({
  type: 'json-schema',
  summary: 'the answer is JSON that fits a schema',
  scale: 'binary',
  defaultThreshold: 1,
  options: z.strictObject({
    schema: z.union([z.record(z.string(), z.json()), z.boolean()]),
    allowFence: z._default(z.boolean(), false),
  }),
  create: async ({ schema, allowFence }) => {
    const check = await compile(schema);
    return {
      judge: ({ answer }) => {
        const parsed = parseJsonAnswer(answer, allowFence);
        return parsed.ok ? check(parsed.value) : fail(parsed.reason);
      },
    };
  },
});

type Schema = boolean | Record<string, unknown>;

async function compile(schema: Schema): Promise<(value: unknown) => Judgement> {
  const ajv = await createAjv(typeof schema === 'boolean' ? undefined : schema['$schema']);
  const { default: formats } = await import('ajv-formats');
  formats.default(ajv);
  let validate;
  try {
    validate = ajv.compile(schema);
  } catch (error) {
    throw new EvaluatorOptionError('schema', `the schema cannot be used: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  return (value) => {
    try {
      return validate(value) ? pass() : fail(describe(validate.errors ?? []));
    } catch (error) {
      if (error instanceof RegexTimeoutError || error instanceof RangeError) return { score: null, reason: `the schema could not be applied: ${error.message}` };
      throw error;
    }
  };
}

/**
 * The class must fit the schema's own `$schema`: ajv's draft-07 class refuses 2020-12 and the other way round. Through
 * `default`, which is all that a bundled CommonJS module exports when it is imported on demand.
 */
async function createAjv(dialect: unknown) {
  const options = { strict: false, allErrors: true, logger: false, code: { regExp: limitedRegExp } } as const;
  const uri = typeof dialect === 'string' ? dialect.replace(/#$/, '') : dialect;
  switch (uri) {
    case undefined:
    case 'https://json-schema.org/draft/2020-12/schema':
      return new (await import('ajv/dist/2020.js')).default.Ajv2020(options);
    case 'https://json-schema.org/draft/2019-09/schema':
      return new (await import('ajv/dist/2019.js')).default.Ajv2019(options);
    case 'http://json-schema.org/draft-07/schema':
    case 'https://json-schema.org/draft-07/schema':
      return new (await import('ajv')).default.Ajv(options);
    default:
      throw new EvaluatorOptionError('schema', `$schema: expected draft-07, 2019-09 or 2020-12, got ${JSON.stringify(dialect)}`);
  }
}

/** `pattern` keywords run under the same time limit as the `regex` evaluator. */
const limitedRegExp = Object.assign(
  (pattern: string, flags: string) => createTimedRegex(pattern, flags, EVALUATION_LIMITS.patternTimeoutMs),
  { code: 'new RegExp' },
);

interface SchemaError {
  readonly instancePath: string;
  readonly message?: string;
}

function describe(errors: readonly SchemaError[]): string {
  const shown = errors.slice(0, 3).map((error) => `${error.instancePath === '' ? 'the value' : error.instancePath} ${error.message ?? 'does not fit'}`);
  return errors.length > 3 ? `${shown.join('; ')}; and ${errors.length - 3} more` : shown.join('; ');
}
