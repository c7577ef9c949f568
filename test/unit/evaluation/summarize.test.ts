import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ItemResult } from '../../../src/evaluation/item-result.js';
import { parseEvaluationPayload } from '../../../src/evaluation/payload.js';
import { SummaryBuilder } from '../../../src/evaluation/summarize.js';
import type { EvaluationSummary } from '../../../src/evaluation/summary.js';
import { anItem } from '../../support/dataset-builders.js';

const dataset = { sha256: 'd'.repeat(64), rows: 99, columns: [{ name: 'prompt', field: 'input' as const }] };

function summarize(items: readonly ItemResult[], settings: object = {}): EvaluationSummary {
  const builder = new SummaryBuilder(parseEvaluationPayload({ dataset: { rows: [{ prompt: 'x' }] }, ...settings }));
  for (const item of items) builder.add(item);
  return builder.finish(dataset);
}

function items(passed: number, failed: number, errors = 0): ItemResult[] {
  const all = [...Array<string>(passed).fill('pass'), ...Array<string>(failed).fill('fail'), ...Array<string>(errors).fill('error')];
  return all.map((kind, index) => {
    const score = kind === 'error' ? null : kind === 'pass' ? 1 : 0;
    return anItem({
      itemKey: `i${index}`,
      outcome: kind === 'error' ? 'error' : 'ok',
      passed: kind === 'pass',
      score,
      scores: kind === 'error' ? {} : { match: { type: 'text-match', score, passed: kind === 'pass', reason: null } },
    });
  });
}

describe('SummaryBuilder', () => {
  it('counts errors as not passed in the pass rate and leaves them out of the means', () => {
    const summary = summarize(items(19, 4, 1));
    expect(summary.counts).toEqual({ items: 24, runs: 24, passed: 19, failed: 4, errors: 1, emptyAnswers: 0, cutAnswers: 0 });
    expect(summary.passRate.value).toBeCloseTo(19 / 24, 12);
    expect(summary.passRate.ci95?.map((bound) => Number(bound.toFixed(4)))).toEqual([0.5953, 0.9076]);
    expect(summary.metrics['match']).toMatchObject({ n: 23, missing: 1, passed: 19, method: 't' });
    expect(summary.metrics['match']?.mean).toBeCloseTo(19 / 23, 12);
    expect(summary.verdict).toBe('none');
  });

  it('gives binary evaluators Wilson intervals', () => {
    const scored = items(7, 3).map((item) => ({ ...item, scores: { exact: { type: 'exact', score: item.score, passed: item.passed, reason: null } } }));
    const { metrics } = summarize(scored, { evaluators: [{ type: 'exact' }] });
    expect(metrics['exact']).toMatchObject({ method: 'wilson', mean: 0.7 });
    expect(metrics['exact']?.ci95?.[0]).toBeCloseTo(0.396778, 6);
  });

  it('shows evaluators without any score, and those that only rows brought along after the others', () => {
    const own = anItem({ scores: { zeta: { type: 'exact', score: 1, passed: true, reason: null }, alpha: { type: 'exact', score: 0, passed: false, reason: null } } });
    const { metrics } = summarize([own]);
    expect(Object.keys(metrics)).toEqual(['match', 'alpha', 'zeta']);
    expect(metrics['match']).toMatchObject({ n: 0, missing: 1, mean: null, ci95: null, passRate: null });
  });

  it('keeps latency and tokens apart from zero', () => {
    expect(summarize(items(2, 0))).toMatchObject({ latency: null, tokens: null });
    const summary = summarize([anItem({ latencyMs: 100, usage: { inputTokens: 5, outputTokens: 7 } }), anItem({ itemKey: 'b', latencyMs: 300 })]);
    expect(summary.latency).toMatchObject({ n: 2, mean: 200, p50: 200 });
    expect(summary.tokens).toEqual({ input: 5, output: 7, runsWithUsage: 1 });
  });

  it('sums up by category, listing the largest ones and counting the rest', () => {
    const many = Array.from({ length: 150 }, (_, index) => anItem({ itemKey: `x${index}`, category: `c${String(index).padStart(3, '0')}` }));
    const summary = summarize([...many, ...items(3, 1).map((item) => ({ ...item, category: 'large' }))]);
    expect(Object.keys(summary.byCategory)).toHaveLength(100);
    expect(summary.byCategory['large']).toMatchObject({ runs: 4, passed: 3, failed: 1, errors: 0, meanScore: 0.75 });
    expect(summary.otherCategoryRuns).toBe(51);
    expect(Object.entries(summarize([anItem({ category: '__proto__' })]).byCategory)).toMatchObject([['__proto__', { runs: 1 }]]);
  });

  it('names no machine and no time', () => {
    expect(Object.keys(summarize(items(1, 0)).provenance)).toEqual(['target', 'datasetSha256', 'datasetRows', 'configSha256']);
  });

  it('gives the same bytes for the same items in any order', () => {
    const score = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null });
    const item = fc.record({ score, passed: fc.boolean(), category: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: null }), latencyMs: fc.option(fc.nat(5000), { nil: null }) });
    const settings = { gates: [{ metric: 'passRate', min: 0.5, use: 'lower95' }, { metric: 'match.p95', min: 0.1 }] };
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 40 }).chain((list) => fc.tuple(fc.constant(list.map((value, index) => anItem({
          ...value,
          itemKey: `i${index}`,
          outcome: value.score === null ? 'error' : 'ok',
          scores: { match: { type: 'text-match', score: value.score, passed: value.passed, reason: null } },
        }))), fc.shuffledSubarray(list.map((_, index) => index), { minLength: list.length }))),
        ([list, order]) => {
          const shuffled = order.flatMap((index) => list[index] ?? []);
          expect(JSON.stringify(summarize(shuffled, settings))).toBe(JSON.stringify(summarize(list, settings)));
        },
      ),
    );
  });
});

describe('gates', () => {
  it('hold a value, or an end of its interval, against each bound', () => {
    const { gates, verdict } = summarize(items(19, 5), {
      gates: [
        { metric: 'passRate', min: 0.75 },
        { metric: 'passRate', min: 0.75, use: 'lower95' },
        { metric: 'passRate', max: 0.95, use: 'upper95' },
        { metric: 'counts.failed', min: 1, max: 5 },
      ],
    });
    expect(gates.map(({ metric, bound, use, passed }) => [metric, bound, use, passed])).toEqual([
      ['passRate', 'min', 'value', true],
      ['passRate', 'min', 'lower95', false],
      ['passRate', 'max', 'upper95', true],
      ['counts.failed', 'min', 'value', true],
      ['counts.failed', 'max', 'value', true],
    ]);
    expect(gates[1]).toMatchObject({ limit: 0.75, value: expect.closeTo(0.5953, 4) as number, ci95: [expect.closeTo(0.5953, 4), expect.closeTo(0.9076, 4)], reason: null });
    expect(verdict).toBe('failed');
  });

  it('hold at the limit itself', () => {
    expect(summarize(items(3, 1), { gates: [{ metric: 'passRate', min: 0.75, max: 0.75 }] }).verdict).toBe('passed');
  });

  it.each([
    ['latency.p95Ms', { max: 1 }, 'no row has latencyMs'],
    ['match.p95', { min: 0 }, 'p95 needs 20 values, there are 4'],
    ['category.none.passRate', { min: 0 }, 'no run is in category "none"'],
    ['match.min', { min: 0, use: 'lower95' }, 'there is no 95 % interval for match.min'],
  ])('on %s do not hold when there is no such number', (metric, bounds, reason) => {
    const { gates } = summarize(items(3, 1), { gates: [{ metric, ...bounds }] });
    expect(gates[0]).toMatchObject({ value: null, passed: false, reason });
  });

  it('read every kind of metric', () => {
    const scored = items(30, 10, 10).map((item, index) => ({ ...item, category: 'a', latencyMs: index }));
    const values = (metric: string): number | null | undefined => summarize(scored, { gates: [{ metric, min: 0 }] }).gates[0]?.value;
    expect(values('errorRate')).toBe(0.2);
    expect(values('score')).toBe(0.75);
    expect(values('score.p50')).toBe(1);
    expect(values('match.passRate')).toBe(0.75);
    expect(values('match.p90')).toBe(1);
    expect(values('latency.p95Ms')).toBeCloseTo(46.55, 9);
    expect(values('latency.meanMs')).toBe(24.5);
    expect(values('category.a.passRate')).toBe(0.6);
    expect(values('counts.errors')).toBe(10);
  });
});
