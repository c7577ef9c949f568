import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { ISO_NEVER, printIsoDuration, readIsoDuration } from '../../../src/domain/iso-duration.js';

describe('an ISO 8601 duration', () => {
  test.each([
    ['PT1M', 60_000],
    ['P14D', 14 * 86_400_000],
    ['PT5M', 300_000],
    ['P1DT1H1M1S', 90_061_000],
    ['PT0.25S', 250],
    ['PT90S', 90_000],
    ['PT0S', 0],
    [ISO_NEVER, null],
    ['P10675199D', null],
    ['P99999999D', null],
  ])('%s is %s ms', (text, ms) => {
    expect(readIsoDuration(text)).toBe(ms);
  });

  test.each(['', 'P', 'PT', 'P1DT', '5m', 'P1Y', 'P1M', '-PT1S', 'PT-1S', 'PT1,5S', 'pt1s', 'PT1S '])('%j is none', (text) => {
    expect(readIsoDuration(text)).toBeUndefined();
  });

  test.each([
    [0, 'PT0S'],
    [250, 'PT0.25S'],
    [60_000, 'PT1M'],
    [90_061_000, 'P1DT1H1M1S'],
    [14 * 86_400_000, 'P14D'],
    [null, ISO_NEVER],
    [Number.MAX_SAFE_INTEGER, ISO_NEVER],
  ])('of %s ms is written %s', (ms, text) => {
    expect(printIsoDuration(ms)).toBe(text);
  });

  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.nat(400 * 86_400_000), (ms) => {
        expect(readIsoDuration(printIsoDuration(ms))).toBe(ms);
      }),
    );
  });
});
