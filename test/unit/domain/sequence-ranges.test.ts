import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countSequences,
  inSequenceRanges,
  MAX_SEQUENCE_RANGES,
  parseSequenceRanges,
  printSequenceRanges,
} from '../../../src/domain/sequence-ranges.js';

describe('parseSequenceRanges', () => {
  it('reads numbers and ranges, with spaces, in any order', () => {
    expect(parseSequenceRanges('12, 1,3 - 9')).toEqual([
      { first: 1n, last: 1n },
      { first: 3n, last: 9n },
      { first: 12n, last: 12n },
    ]);
  });

  it('joins what overlaps or touches', () => {
    expect(printSequenceRanges(parseSequenceRanges('5-9,1-3,4,8-20,7'))).toBe('1-20');
  });

  it('keeps 64-bit numbers exact', () => {
    const ranges = parseSequenceRanges('9007199254740993,9223372036854775807');
    expect(inSequenceRanges(ranges, '9007199254740993')).toBe(true);
    expect(inSequenceRanges(ranges, 9007199254740992n)).toBe(false);
    expect(inSequenceRanges(ranges, 9223372036854775807n)).toBe(true);
  });

  it.each([
    ['', 1, 'nothing'],
    ['1,', 2, 'nothing'],
    ['1,x', 2, '"x"'],
    ['1;2', 1, '"1;2"'],
    ['-3', 1, '"-3"'],
    ['3-', 1, '"3-"'],
    ['1-2-3', 1, '"1-2-3"'],
    ['0', 1, '"0"'],
    ['1.5', 1, '"1.5"'],
    ['9-3', 1, '"9-3"'],
    ['9223372036854775808', 1, '"9223372036854775808"'],
    ['99999999999999999999', 1, '"99999999999999999999"'],
  ])('refuses %j and names item %d', (text, item, got) => {
    expect(() => parseSequenceRanges(text)).toThrowError(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: `sequence numbers, item ${item}: expected a number or a range such as 3-9, got ${got}`,
        hint: expect.any(String),
      }),
    );
  });

  it('turns a reversed range around in the hint', () => {
    expect(() => parseSequenceRanges('9-3')).toThrowError(expect.objectContaining({ hint: 'did you mean `3-9`?' }));
  });

  it('refuses more ranges or text than the limits', () => {
    const many = Array.from({ length: MAX_SEQUENCE_RANGES + 1 }, (_, index) => index * 2 + 1).join(',');
    expect(() => parseSequenceRanges(many)).toThrowError(/at most 10000 ranges, got 10001/);
    expect(() => parseSequenceRanges('1'.repeat(300_000))).toThrowError(/at most 262144 characters/);
  });

  it('selects exactly the numbers it was given', () => {
    const items = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 5 })), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(items, (pairs) => {
        const ranges = parseSequenceRanges(pairs.map(([first, more]) => (more === 0 ? `${first}` : `${first}-${first + more}`)).join(','));
        const wanted = new Set(pairs.flatMap(([first, more]) => Array.from({ length: more + 1 }, (_, step) => first + step)));
        const found = Array.from({ length: 70 }, (_, number) => number).filter((number) => inSequenceRanges(ranges, number));
        expect(new Set(found)).toEqual(wanted);
        expect(countSequences(ranges)).toBe(BigInt(wanted.size));
        expect(parseSequenceRanges(printSequenceRanges(ranges))).toEqual(ranges);
      }),
    );
  });
});
