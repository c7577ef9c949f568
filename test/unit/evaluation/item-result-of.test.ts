import { describe, expect, it } from 'vitest';

import type { DatasetRow } from '../../../src/evaluation/dataset/dataset-row.js';
import { prepareEvaluators } from '../../../src/evaluation/evaluator-spec.js';
import { itemResultOf } from '../../../src/evaluation/item-result-of.js';
import type { ItemResult } from '../../../src/evaluation/item-result.js';
import { parseEvaluationPayload } from '../../../src/evaluation/payload.js';
import { RowEvaluatorCache } from '../../../src/evaluation/row-evaluators.js';
import { scoreRow } from '../../../src/evaluation/score-row.js';
import { recordedTarget } from '../../../src/evaluation/targets/recorded.js';
import { aRow } from '../../support/dataset-builders.js';

async function evaluate(row: Partial<DatasetRow>, evaluators?: readonly object[], passThreshold?: number): Promise<ItemResult> {
  const payload = parseEvaluationPayload({ dataset: { rows: [{ prompt: 'x' }] }, ...(evaluators === undefined ? {} : { evaluators }), ...(passThreshold === undefined ? {} : { passThreshold }) });
  const full = aRow(row);
  const prepared = await new RowEvaluatorCache(await prepareEvaluators(payload.evaluators)).of(full);
  const scored = await scoreRow(full, recordedTarget, prepared);
  // What a checkpoint gives back is JSON.
  return itemResultOf(full, JSON.parse(JSON.stringify(scored)) as typeof scored, prepared.map(({ spec }) => spec), payload.passThreshold);
}

describe('an item', () => {
  it('passes by its required evaluators when there are any', async () => {
    const evaluators = [{ type: 'exact', required: true }, { type: 'contains', options: { value: 'France' }, weight: 9 }];
    expect(await evaluate({}, evaluators)).toMatchObject({ passed: true, outcome: 'ok', score: 0.1 });
    expect(await evaluate({ answer: 'Paris, France' }, evaluators)).toMatchObject({ passed: false, score: 0.9 });
  });

  it('passes by the weighted mean otherwise, compared with the payload’s or its own threshold', async () => {
    const evaluators = [{ type: 'exact', weight: 1 }, { type: 'contains', weight: 3 }];
    expect(await evaluate({ answer: 'in Paris' }, evaluators)).toMatchObject({ passed: true, score: 0.75 });
    expect(await evaluate({ answer: 'in Paris' }, evaluators, 0.8)).toMatchObject({ passed: false, reasoning: 'exact: differs from the expected answer; contains 1.00; mean 0.75 under 0.80' });
    expect(await evaluate({ answer: 'in Paris', threshold: 0.7 }, evaluators, 0.8)).toMatchObject({ passed: true });
  });

  it('inverts an evaluator with not', async () => {
    const evaluators = [{ id: 'no-sorry', type: 'contains', options: { value: 'sorry' }, not: true, required: true }];
    expect(await evaluate({ answer: 'Paris' }, evaluators)).toMatchObject({ passed: true, score: 1 });
    expect(await evaluate({ answer: 'sorry' }, evaluators)).toMatchObject({ passed: false, score: 0, reasoning: 'no-sorry: must not hold, but does' });
  });

  it('is an error without an answer, but not with an empty one', async () => {
    expect(await evaluate({ answer: null })).toMatchObject({ outcome: 'error', passed: false, score: null, scores: {}, reasoning: 'the row has no recorded answer' });
    expect(await evaluate({ answer: '' })).toMatchObject({ outcome: 'ok', passed: false, score: 0, differences: ['the answer is empty'] });
  });

  it('is an error when a required evaluator or every evaluator cannot judge it', async () => {
    const required = [{ type: 'exact', required: true }, { type: 'json-valid' }];
    expect(await evaluate({ expected: null }, required)).toMatchObject({ outcome: 'error', passed: false, reasoning: 'exact: the row has no expected answer' });
    expect(await evaluate({ expected: null }, [{ type: 'exact' }])).toMatchObject({ outcome: 'error', score: null });
    expect(await evaluate({ expected: null, answer: '1' }, [{ type: 'exact' }, { type: 'json-valid' }])).toMatchObject({ outcome: 'ok', passed: true, score: 1 });
  });

  it('skips a required evaluator that does not apply', async () => {
    const evaluators = [{ type: 'text-match', required: true }, { type: 'number', required: true }];
    expect(await evaluate({}, evaluators)).toMatchObject({ outcome: 'ok', passed: true, scores: { number: { score: null, passed: null } } });
    expect(await evaluate({ expected: ['5'], answer: 'V' }, evaluators)).toMatchObject({ passed: false });
  });

  it('never shows a score as equal to the threshold it missed', async () => {
    const item = await evaluate({ expected: ['a1 b c d e f g h i j'], answer: 'a1 b c d e f g h i' }, [{ type: 'token-f1', threshold: 0.95, required: true }]);
    expect(item).toMatchObject({ passed: false, reasoning: 'token-f1 0.94 under 0.95' });
  });

  it('words what differs from the nearest reference', async () => {
    const item = await evaluate({ expected: ['London', 'refund within 14 days'], answer: 'refund within 30 days by post' });
    expect(item.differences).toEqual(['numbers: expected 14, got 30', 'extra: post']);
  });
});

describe('evaluators of a row', () => {
  it('extend the payload’s, replacing one of the same id', async () => {
    const specs = [{ id: 'match', type: 'exact', required: true }, { type: 'json-valid' }];
    const item = await evaluate({ answer: 'Paris!', evaluators: { mode: 'extend', specs } });
    expect(item.scores).toMatchObject({ match: { type: 'exact', passed: false }, 'json-valid': { passed: false } });
  });

  it('replace the payload’s', async () => {
    const item = await evaluate({ answer: '[]', evaluators: { mode: 'replace', specs: [{ type: 'json-valid' }] } });
    expect(Object.keys(item.scores)).toEqual(['json-valid']);
    expect(item.passed).toBe(true);
  });

  it('can be the object form with the names of Microsoft’s evaluation files', async () => {
    const item = await evaluate({ answer: 'Paris', evaluators: { mode: 'replace', specs: { ExactMatch: {}, PartialMatch: { threshold: 0.4 } } } });
    expect(item.scores).toMatchObject({ ExactMatch: { type: 'exact', passed: true }, PartialMatch: { type: 'token-f1', passed: true } });
  });

  it.each([
    [{ Relevance: {} }, 'row 1 (line 2), column "evaluators": [0].type: expected one of exact'],
    ['exact', 'column "evaluators": expected a list, got "exact"'],
    [[{ type: 'regex', options: { pattern: '(' } }], '[0].options.pattern'],
    [[{ type: 'json-schema', options: { schema: { type: 'nonsense' } } }], 'evaluator json-schema, options.schema'],
  ])('%j are refused with the row', async (specs, message) => {
    await expect(evaluate({ evaluators: { mode: 'extend', specs } })).rejects.toMatchObject({ code: 'DATASET_INVALID', message: expect.stringContaining(message) as string });
  });
});
