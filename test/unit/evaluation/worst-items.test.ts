import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { wordDiff } from '../../../src/evaluation/text/word-diff.js';
import { itemLines, worstItems } from '../../../src/evaluation/worst-items.js';
import { anItem, inOrder } from '../../support/dataset-builders.js';

describe('worstItems', () => {
  it('puts errors first, then low scores, equal ones in file order, and nothing that passed', async () => {
    const items = [
      anItem({ itemKey: 'passed', score: 0 }),
      anItem({ itemKey: 'half', passed: false, score: 0.5 }),
      anItem({ itemKey: 'zero-1', passed: false, score: 0 }),
      anItem({ itemKey: 'error', passed: false, score: null, outcome: 'error' }),
      anItem({ itemKey: 'zero-2', passed: false, score: 0 }),
    ];
    expect((await worstItems(inOrder(items), 10)).map((item) => item.itemKey)).toEqual(['error', 'zero-1', 'zero-2', 'half']);
    expect((await worstItems(inOrder(items), 2)).map((item) => item.itemKey)).toEqual(['error', 'zero-1']);
    expect(await worstItems(inOrder(items), 0)).toEqual([]);
  });
});

describe('itemLines', () => {
  it('shows question, reason and difference, within the width and on one line each', () => {
    const lines = itemLines(anItem({ itemKey: 'q1', expected: ['within 14 days'], answer: 'within\n30 days', passed: false, reasoning: 'match 0.66 under 0.80' }), 60);
    expect(lines).toEqual(['q1 What is the capital of France?', '    match 0.66 under 0.80', '    within [-14-] {+30+} days']);
    for (const line of itemLines(anItem({ input: '長'.repeat(500), answer: 'x '.repeat(5000), passed: false }), 60)) expect([...line].length).toBeLessThanOrEqual(60);
  });

  it('shows an empty answer and a missing one as such', () => {
    expect(itemLines(anItem({ answer: '', passed: false }))[2]).toBe('    (empty answer, expected: Paris)');
    expect(itemLines(anItem({ answer: null, passed: false, outcome: 'error' }))).toHaveLength(2);
  });
});

describe('wordDiff', () => {
  it.each([
    ['a b c', 'a b c', 'a b c'],
    ['a b c', 'a x c', 'a [-b-] {+x+} c'],
    ['a b', 'a b c d', 'a b {+c d+}'],
    ['', 'x', '{+x+}'],
    ['x', '', '[-x-]'],
  ])('of %j and %j is %j', (expected, given, diff) => {
    expect(wordDiff(expected, given)).toBe(diff);
  });

  it('contains both texts', () => {
    const words = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 20 });
    fc.assert(
      fc.property(words, words, (a, b) => {
        const diff = wordDiff(a.join(' '), b.join(' '), 1000);
        const without = (mark: RegExp): string => diff.replace(mark, '').replace(/\[-|-\]|\{\+|\+\}/g, '').replace(/\s+/g, ' ').trim();
        expect(without(/\{\+.*?\+\}/g)).toBe(a.join(' '));
        expect(without(/\[-.*?-\]/g)).toBe(b.join(' '));
      }),
    );
  });
});
