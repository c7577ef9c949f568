import { describe, expect, it } from 'vitest';

import type { Json } from '../../../../src/domain/json.js';
import { EvaluatorOptionError, type Judgement } from '../../../../src/evaluation/evaluators/evaluator.js';
import { EVALUATOR_TYPES } from '../../../../src/evaluation/evaluators/registry.js';

async function judge(type: string, answer: string, expected: readonly string[] | null, options: Json = {}): Promise<Judgement> {
  const definition = EVALUATOR_TYPES.get(type);
  if (definition === undefined) throw new Error(`no evaluator ${type}`);
  return (await definition.create(options)).judge({ answer, expected });
}

describe('json-valid', () => {
  it('accepts any JSON value and nothing else', async () => {
    for (const answer of ['{}', '[1]', '"x"', 'null', ' 1 ']) expect((await judge('json-valid', answer, null)).score).toBe(1);
    for (const answer of ['', ' ', '{a: 1}', "{'a': 1}", '{"a":1,}', 'Sure: {}']) expect((await judge('json-valid', answer, null)).score).toBe(0);
  });

  it('reads a fenced block only when asked to', async () => {
    const answer = '```json\n{"a": 1}\n```';
    expect((await judge('json-valid', answer, null)).score).toBe(0);
    expect((await judge('json-valid', answer, null, { allowFence: true })).score).toBe(1);
  });
});

describe('json-equal', () => {
  it('compares values, not texts', async () => {
    expect((await judge('json-equal', '{"b":[1,2.0],"a":null}', ['{ "a": null, "b": [1, 2] }'])).score).toBe(1);
    expect(await judge('json-equal', '{"a":{"b":[1,3]}}', ['{"a":{"b":[1,2]}}'])).toEqual({ score: 0, reason: 'differs at $.a.b[1]' });
    expect((await judge('json-equal', '[2,1]', ['[1,2]'])).score).toBe(0);
    expect((await judge('json-equal', '{"a":1}', ['[1]'])).score).toBe(0);
    expect((await judge('json-equal', '{"__proto__":{"x":1}}', ['{}'])).score).toBe(0);
    expect((await judge('json-equal', '{"toString":1}', ['{}'])).score).toBe(0);
  });

  it('is an error of the row, not of the answer, when the expected answer is no JSON', async () => {
    expect(await judge('json-equal', '{}', ['yes'])).toEqual({ score: null, reason: 'the expected answer is not valid JSON' });
  });

  it('survives nesting that would overflow the stack', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const other = '['.repeat(99_999) + '1' + ']'.repeat(99_999);
    expect((await judge('json-equal', deep, [other])).score).toBe(0);
  });
});

describe('json-schema', () => {
  const schema = {
    type: 'object',
    required: ['order', 'status'],
    additionalProperties: false,
    properties: { order: { type: 'integer' }, status: { enum: ['packed', 'shipped'] }, eta: { type: 'string', format: 'date' } },
  };

  it('accepts what fits and names what does not', async () => {
    expect((await judge('json-schema', '{"order":1,"status":"packed","eta":"2031-05-04"}', null, { schema })).score).toBe(1);
    const judged = await judge('json-schema', '{"order":"1","eta":"soon"}', null, { schema });
    expect(judged.score).toBe(0);
    expect(judged.reason).toContain("must have required property 'status'");
    expect(judged.reason).toContain('/order must be integer');
    expect(judged.reason).toContain('/eta must match format "date"');
    expect((await judge('json-schema', 'no', null, { schema })).reason).toBe('the answer is not valid JSON');
  });

  it.each([
    'http://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft/2019-09/schema',
    'https://json-schema.org/draft/2020-12/schema',
  ])('takes the dialect %s by its $schema', async ($schema) => {
    expect((await judge('json-schema', '1', null, { schema: { $schema, type: 'integer' } })).score).toBe(1);
  });

  it('uses the rules of the dialect', async () => {
    const tuple = { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'string' }] };
    expect((await judge('json-schema', '[1]', null, { schema: tuple })).score).toBe(0);
  });

  it('refuses dialects it does not know, schemas that do not compile and remote references', async () => {
    await expect(judge('json-schema', '1', null, { schema: { $schema: 'http://json-schema.org/draft-03/schema#' } })).rejects.toThrow(EvaluatorOptionError);
    await expect(judge('json-schema', '1', null, { schema: { type: 'nonsense' } })).rejects.toThrow(EvaluatorOptionError);
    await expect(judge('json-schema', '1', null, { schema: { $ref: 'https://example.com/schema.json' } })).rejects.toThrow(/can't resolve reference/);
  });

  it('ignores keywords it does not know, as the standard says', async () => {
    expect((await judge('json-schema', '1', null, { schema: { 'x-note': 'ours', type: 'integer' } })).score).toBe(1);
  });

  it('tells several patterns apart', async () => {
    const two = { properties: { a: { pattern: '^x' }, b: { pattern: '^y' } } };
    expect((await judge('json-schema', '{"a":"x","b":"y"}', null, { schema: two })).score).toBe(1);
    expect((await judge('json-schema', '{"a":"x","b":"x"}', null, { schema: two })).score).toBe(0);
  });

  it('puts the time limit on patterns too', async () => {
    const judged = await judge('json-schema', JSON.stringify(`${'a'.repeat(40)}!`), null, { schema: { type: 'string', pattern: '^(a+)+$' } });
    expect(judged.score).toBe(null);
    expect(judged.reason).toContain('longer than 250 ms');
  });
});
