import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { maxSteps } from '../../../../src/evaluation/text/pattern-cost.js';
import { createTimedRegex, RegexTimeoutError } from '../../../../src/evaluation/text/timed-regex.js';

describe('createTimedRegex', () => {
  it('finds what the pattern finds, whichever way it runs', () => {
    const piece = fc.constantFrom('a', 'b', '.', '[ab]', '[^a)]', '\\d', '\\(', '(', ')', '(?:', '(?=', '|', '*', '+', '?', '{2}', '^', '$', '\\1');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '1', '('), maxLength: 12 }), { maxLength: 4 }), (pieces, texts) => {
        const pattern = pieces.join('');
        let plain: RegExp;
        try {
          plain = new RegExp(pattern);
        } catch {
          expect(() => createTimedRegex(pattern, '', 250)).toThrow();
          return;
        }
        const timed = createTimedRegex(pattern, '', 2000);
        for (const text of texts) expect(timed.test(text)).toBe(plain.test(text));
      }),
      { numRuns: 500 },
    );
  });

  it.each(['^(a+)+$', '(a|a)(a|a)*b', '^(\\w+\\s?)*$', '(.*)\\1{9}x', 'a*a*a*a*a*a*a*b', `${'(a|a)'.repeat(40)}b`, `${'a?'.repeat(30)}${'a'.repeat(30)}b`])('ends %s on a text that it would never finish', (pattern) => {
    const text = `${'a'.repeat(3000)}!`;
    expect(maxSteps(pattern, text.length)).toBe(Infinity);
    const started = performance.now();
    try {
      createTimedRegex(pattern, '', 100).test(text);
    } catch (error) {
      expect(error).toBeInstanceOf(RegexTimeoutError);
    }
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('limits a simple pattern too where the text makes it costly', () => {
    const pattern = `a*${'a'.repeat(500)}b`;
    expect(maxSteps(pattern, 100_000)).toBeGreaterThan(2_000_000);
    expect(() => createTimedRegex(pattern, '', 50).test('a'.repeat(100_000))).toThrow(RegexTimeoutError);
  });

  it.each([
    ['refund|order', 200, 12 * 201],
    ['^\\d+ days', 10, 9 * 11 * 11],
    ['[(|*+?{]', 10, 8 * 11],
    ['(?:ab)+', 1, 7 * 2 * 2],
    ['\\(a\\|b\\)', 0, 8],
  ])('bounds %s on %d characters by %d steps', (pattern, length, steps) => {
    expect(maxSteps(pattern, length)).toBe(steps);
  });

  it('works again after a text that took too long', () => {
    const timed = createTimedRegex('^(a+)+$', '', 50);
    expect(() => timed.test(`${'a'.repeat(40)}!`)).toThrow(RegexTimeoutError);
    expect(timed.test('aaa')).toBe(true);
    expect(timed.test('b')).toBe(false);
  });
});
