import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_DURATION_MS, parseDuration, printCoarseDuration, printDuration, readDuration } from '../../../src/domain/duration.js';

describe('parseDuration', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1h30m', 5_400_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['1.5h', 5_400_000],
    [' 10S ', 10_000],
    ['0', 0],
    ['0s', 0],
    ['36500d', MAX_DURATION_MS],
  ])('reads %j as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', ' ', '5', '-5m', 'm', '5x', '5 m', '30m1h', '5m5m', '1h30', '5m!', '1e3s', '.5s', '36501d', '9'.repeat(400) + 's'])(
    'refuses %j with expected and got',
    (text) => {
      expect(() => parseDuration(text, '--delay')).toThrowError(
        expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringMatching(/^--delay: expected a duration .*, got "/) }),
      );
    },
  );

  it('says what is missing or wrong in the hint', () => {
    expect(() => parseDuration('90')).toThrowError(expect.objectContaining({ hint: 'add a unit: `90s` is seconds, `90m` minutes' }));
    expect(() => parseDuration('-5m')).toThrowError(expect.objectContaining({ hint: 'a duration cannot be negative' }));
  });
});

describe('printDuration', () => {
  it('is read back to the same number of milliseconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS }), (ms) => {
        expect(readDuration(printDuration(ms))).toBe(ms);
      }),
    );
  });

  it('shows the units that are not zero, a minus for negative spans and 0ms for nothing', () => {
    expect(printDuration(5_400_000)).toBe('1h30m');
    expect(printDuration(-1_500)).toBe('-1s500ms');
    expect(printDuration(0.2)).toBe('0ms');
  });
});

describe('printCoarseDuration', () => {
  it.each([
    [-5, '0s'],
    [999, '0s'],
    [59_999, '59s'],
    [243_000, '4m'],
    [7_300_000, '2h'],
    [3 * 86_400_000, '3d'],
  ])('shows %d ms as %s', (ms, text) => {
    expect(printCoarseDuration(ms)).toBe(text);
  });
});
