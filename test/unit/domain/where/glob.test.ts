import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../../../src/domain/where/glob.js';
import { likePattern } from './naive-evaluator.js';

describe('compilePattern', () => {
  it.each([
    ['time', 'Request TIMEOUT', true],
    ['', '', true],
    ['*', '', true],
    ['?', '', false],
    ['?', '😀', true],
    ['a?c', 'a😀c', true],
    ['time*', 'a timeout', false],
    ['*time*', 'a timeout', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*ab*ab*', 'xab', false],
    ['*ab*ab*', 'abab', true],
    ['*a*a', 'a', false],
    ['*ab*b', 'xab', false],
    ['*?b*b', 'ab', false],
    ['**', 'x', true],
    ['a.c', 'abc', false],
    ['[a]*', 'a', false],
    ['a\nb*', 'A\nBC\n', true],
  ])('%j on %j is %s', (pattern, value, expected) => {
    expect(compilePattern(pattern)(value)).toBe(expected);
  });

  it('decides as the regular expression of the pattern', () => {
    const letters = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'b', 'A', '😀', '\n', '.'), maxLength: 10 }),
      fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 4 }),
    );
    const patterns = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '😀', '.'), maxLength: 7 }),
      fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 }),
    );
    fc.assert(
      fc.property(patterns, letters, (pattern, value) => {
        expect(compilePattern(pattern)(value)).toBe(likePattern(pattern, value));
      }),
      { numRuns: 5_000 },
    );
  });

  it('ends soon for patterns that hang a backtracking matcher', () => {
    expect(compilePattern(`${'*a'.repeat(100)}*b`)('a'.repeat(100_000))).toBe(false);
    expect(compilePattern(`${'*a?'.repeat(30)}*b`)('a'.repeat(20_000))).toBe(false);
  });
});
