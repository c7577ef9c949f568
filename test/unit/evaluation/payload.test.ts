import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { AppError } from '../../../src/domain/errors.js';
import { attachDataset, checkDataset } from '../../../src/evaluation/attach-dataset.js';
import { configSha256, parseEvaluationPayload } from '../../../src/evaluation/payload.js';
import { bytesOf } from '../../support/dataset-builders.js';

const ref = { key: 'datasets/x', sha256: 'a'.repeat(64), bytes: 10 };
const minimal = { dataset: { ref } };

function problemsOf(payload: unknown): readonly string[] {
  try {
    parseEvaluationPayload(payload);
  } catch (error) {
    if (error instanceof AppError && error.code === 'PAYLOAD_INVALID') return error.details?.['problems'] as string[];
    throw error;
  }
  return [];
}

describe('parseEvaluationPayload', () => {
  it('fills in every default', () => {
    expect(parseEvaluationPayload(minimal)).toEqual({
      schemaVersion: 1,
      name: null,
      dataset: { ref, rows: null, fileName: null, format: null, columns: {}, selection: { filter: {}, limit: null, sample: null } },
      target: { type: 'recorded' },
      evaluators: [{ id: 'match', type: 'text-match', options: {}, threshold: 0.8, required: true, weight: 1, not: false }],
      passThreshold: 0.5,
      repeats: 1,
      gates: [],
    });
  });

  it('takes an evaluator’s type for its id, and its own threshold', () => {
    const { evaluators } = parseEvaluationPayload({ ...minimal, evaluators: [{ type: 'exact' }, { id: 'f1', type: 'token-f1', threshold: 0.6, weight: 2, not: true }] });
    expect(evaluators).toEqual([
      { id: 'exact', type: 'exact', options: {}, threshold: 1, required: false, weight: 1, not: false },
      { id: 'f1', type: 'token-f1', options: {}, threshold: 0.6, required: false, weight: 2, not: true },
    ]);
  });

  it('takes the short form with one question', () => {
    const payload = parseEvaluationPayload({ prompt: 'Why?', expected_response: 'So.', answer: 'So!', name: 'one', evaluators: [{ type: 'exact' }] });
    expect(payload.name).toBe('one');
    expect(payload.dataset.rows).toEqual([{ prompt: 'Why?', expected_response: 'So.', answer: 'So!' }]);
    expect(parseEvaluationPayload({ question: 'Why?', answer: '{}', evaluators: [{ type: 'json-valid' }] }).dataset.columns).toEqual({ answer: 'answer' });
  });

  it.each([
    [null, 'expected an object, got null'],
    [{}, 'dataset: expected an object, got nothing'],
    [{ dataset: {} }, 'dataset: expected either `ref` (a stored file) or `rows`, got neither'],
    [{ dataset: { ref, rows: [{ a: 1 }] } }, 'got both'],
    [{ dataset: { ref: 'x' } }, 'dataset.ref: expected an object, got "x"'],
    [{ dataset: { rows: [] } }, 'dataset.rows: expected at least 1 entries, got a list of 0'],
    [{ dataset: { rows: ['x'] } }, 'dataset.rows[0]: expected an object, got "x"'],
    [{ dataset: { ref, colums: {} } }, 'dataset: unknown field "colums"'],
    [{ dataset: { ref, columns: { gold: 'x' } } }, 'dataset.columns: unknown field "gold"'],
    [{ dataset: { ref, format: 'xlsx' } }, 'dataset.format: expected one of "csv", "tsv", "jsonl", "json", got "xlsx"'],
    [{ dataset: { ref, sample: { n: 0 } } }, 'dataset.sample.n: expected at least 1, got 0'],
    [{ dataset: { ref, limit: 1.5 } }, 'dataset.limit: expected a whole number, got 1.5'],
    [{ ...minimal, schemaVersion: 2 }, 'schemaVersion: expected 1, got 2'],
    [{ ...minimal, target: { type: 'oracle' } }, 'target.type: expected "recorded", got "oracle"'],
    [{ ...minimal, target: { type: 'recorded', endpoint: 'x' } }, 'target: unknown field "endpoint"'],
    [{ ...minimal, repeats: 3 }, 'repeats: expected 1, got 3'],
    [{ ...minimal, passThreshold: 2 }, 'passThreshold: expected at most 1, got 2'],
    [{ ...minimal, evaluators: [] }, 'evaluators: expected at least 1 entries, got a list of 0'],
    [{ ...minimal, evaluators: [{ id: 'a b', type: 'exact' }] }, 'evaluators[0].id: expected letters, digits'],
    [{ ...minimal, evaluators: [{ type: 'exct' }] }, 'got "exct" (did you mean "exact"?)'],
    [{ ...minimal, evaluators: [{ type: 'exact' }, { type: 'exact' }] }, 'evaluators[1].id: expected an id of its own, got "exact" again (first at evaluators[0])'],
    [{ ...minimal, evaluators: [{ id: 'latency', type: 'exact' }] }, 'evaluators[0].id: "latency" is the name of another metric'],
    [{ ...minimal, evaluators: [{ type: 'exact', options: { normalise: 'lower' } }] }, 'evaluators[0].options: unknown field "normalise"'],
    [{ ...minimal, evaluators: [{ type: 'regex' }] }, 'evaluators[0].options.pattern: expected a string, got nothing'],
    [{ ...minimal, evaluators: [{ type: 'regex', options: { pattern: '(' } }] }, 'evaluators[0].options.pattern: expected a pattern that compiles'],
    [{ ...minimal, evaluators: [{ type: 'exact', weight: 0 }] }, 'evaluators[0].weight: expected more than 0, got 0'],
    [{ ...minimal, evaluators: [{ type: 'exact', threshold: '1' }] }, 'evaluators[0].threshold: expected a number, got "1"'],
    [{ ...minimal, gates: [{ metric: 'passRate' }] }, 'gates[0]: expected `min` or `max`, got neither'],
    [{ ...minimal, gates: [{ metric: 'passrate', min: 1 }] }, 'did you mean "passRate"?'],
    [{ ...minimal, gates: [{ metric: 'f1', min: 1 }] }, 'gates[0].metric: expected a metric such as passRate'],
    [{ ...minimal, gates: [{ metric: 'passRate', min: 1, use: 'lower' }] }, 'gates[0].use: expected one of "value", "lower95", "upper95", got "lower"'],
  ])('refuses %j with the path', (payload, problem) => {
    expect(problemsOf(payload).join('\n')).toContain(problem);
  });

  it('tells all problems, and the nearest field for an unknown one', () => {
    expect(problemsOf({ dataset: { ref, limit: 0 }, gates: [{ metric: 'x' }], evaluators: 5 })).toHaveLength(2);
    expect(() => parseEvaluationPayload({ ...minimal, evaluator: [] })).toThrow(expect.objectContaining({ hint: 'did you mean `evaluators`?' }) as Error);
  });

  it.each(['passRate', 'errorRate', 'score', 'score.p95', 'match', 'match.passRate', 'match.min', 'latency.p95Ms', 'counts.errors', 'category.a.b.passRate'])('knows the metric %s', (metric) => {
    expect(problemsOf({ ...minimal, gates: [{ metric, min: 0 }] })).toEqual([]);
  });

  it('never throws anything but PAYLOAD_INVALID, whatever JSON it gets', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (value, other) => {
        for (const payload of [value, { dataset: value }, { ...minimal, evaluators: value, gates: other }, { ...minimal, evaluators: [{ type: 'regex', options: value }] }]) problemsOf(payload);
      }),
    );
  });
});

describe('configSha256', () => {
  it('changes with what decides scores and with nothing else', () => {
    const hash = (payload: object): string => configSha256(parseEvaluationPayload({ ...minimal, ...payload }));
    const base = hash({});
    expect(hash({ name: 'other', gates: [{ metric: 'passRate', min: 1 }], dataset: { rows: [{ prompt: 'a' }] } })).toBe(base);
    expect(hash({ evaluators: [{ type: 'exact' }] })).not.toBe(base);
    expect(hash({ passThreshold: 0.6 })).not.toBe(base);
  });
});

describe('attachDataset', () => {
  const stored = { ref, fileName: 'x.csv', format: 'csv' as const };

  it('adds the stored file and keeps the other settings', () => {
    const payload = attachDataset({ name: 'n', dataset: { limit: 3, columns: { answer: 'Reply' } } }, stored);
    expect(payload).toEqual({ name: 'n', dataset: { limit: 3, columns: { answer: 'Reply' }, ref, fileName: 'x.csv', format: 'csv' } });
    expect(parseEvaluationPayload(payload).dataset).toMatchObject({ ref, fileName: 'x.csv', format: 'csv', columns: { answer: 'Reply' }, selection: { limit: 3 } });
    expect(parseEvaluationPayload(attachDataset({}, stored)).dataset.ref).toEqual(ref);
  });

  it('refuses a payload with data of its own', () => {
    expect(() => attachDataset({ dataset: { rows: [] } }, stored)).toThrow('got `ref` or `rows`');
    expect(() => attachDataset([], stored)).toThrow('expected an object');
  });
});

describe('checkDataset', () => {
  it('counts rows and answers and finds the format', async () => {
    expect(await checkDataset(bytesOf('prompt,expected,output\na,b,c\nd,e,\n'), { fileName: 'x.txt' })).toEqual({ format: 'csv', rows: 2, answered: 1 });
  });
});
