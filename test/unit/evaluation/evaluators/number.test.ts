import { describe, expect, it } from 'vitest';

import type { Json } from '../../../../src/domain/json.js';
import { number } from '../../../../src/evaluation/evaluators/number.js';
import { findNumbers } from '../../../../src/evaluation/text/find-numbers.js';

async function judge(answer: string, expected: readonly string[] | null, options: Json = {}) {
  return (await number.create(options)).judge({ answer, expected });
}

describe('findNumbers', () => {
  it.each([
    ['2.5B', [2_500_000_000]],
    ['$3 million', [3_000_000]],
    ['1,234.5', [1234.5]],
    ['12 %', [12]],
    ['1\u202f234\u202f567 and 12’480', [1_234_567, 12_480]],
    ['-5 to 10-20, −7', [-5, 10, 20, -7]],
    ['2031-05-04', [2031, 5, 4]],
    ['1.5e6, 2E-3', [1_500_000, 0.002]],
    ['5kg, 14th, 5k', [5, 14, 5000]],
    ['5 m is a length, 5m is money', [5, 5_000_000]],
    ['3 mn, 2tn, 7 billions, 2 Mio', [3e6, 2e12, 7e9, 2e6]],
    ['-$5 and $-5', [-5, -5]],
    ['1,2,3', [1, 2, 3]],
    ['.5', [0.5]],
    ['v2.5, Q3, x1', []],
    ['The end.', []],
    ['10:30', [10, 30]],
  ])('reads %j', (text, values) => {
    expect(findNumbers(text).map((found) => found.value)).toEqual(values);
  });

  it('reads the decimal comma when told to', () => {
    expect(findNumbers('1.234,5 und 0,5 %', ',').map((found) => found.value)).toEqual([1234.5, 0.5]);
  });

  it('tells currencies and percentages', () => {
    expect(findNumbers('€3m, 3.5 EUR, USD 4, 12 percent').map(({ currency, percent }) => [currency, percent])).toEqual([
      ['EUR', false],
      ['EUR', false],
      ['USD', false],
      [null, true],
    ]);
  });

  it('is quick on long runs of digits and commas', () => {
    const started = performance.now();
    findNumbers('1,'.repeat(100_000));
    findNumbers('1'.repeat(200_000));
    findNumbers('1,111'.repeat(40_000));
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('number', () => {
  it.each([
    ['2.5 billion dollars', '2.5B', 1],
    ['It was 2,500 million', '$2.5 billion', 1],
    ['0.12', '12 %', 1],
    ['12', '12 %', 1],
    ['about 13 %', '12 %', 0],
    ['€5', '$5', 0],
    ['five', '5', 0],
    ['1.24 and 1.21', '$1.24 and $1.21', 1],
    ['1.24', '$1.24 and $1.21', 0.5],
    ['0.30000000000000004', '0.3', 1],
  ])('gives %j for %j the score %d', async (answer, expected, score) => {
    expect((await judge(answer, [expected])).score).toBe(score);
  });

  it('keeps to the tolerance', async () => {
    expect((await judge('103', ['100'], { tolerance: { absolute: 3 } })).score).toBe(1);
    expect((await judge('103.1', ['100'], { tolerance: { absolute: 3 } })).score).toBe(0);
    expect((await judge('101', ['100'], { tolerance: { relative: 0.01 } })).score).toBe(1);
    expect((await judge('102', ['100'], { tolerance: { relative: 0.01 } })).score).toBe(0);
  });

  it('uses each number of the answer once', async () => {
    expect((await judge('5', ['5 and 5'])).score).toBe(0.5);
    expect((await judge('5 and 5', ['5 and 5'])).score).toBe(1);
  });

  it('does not apply when an accepted answer has no number', async () => {
    expect(await judge('six years', ['five years', '5 years'])).toMatchObject({ score: null, notApplicable: true });
    expect((await judge('5 years', ['five years', '5 years'])).score).toBe(1);
  });

  it('says what was expected and what came', async () => {
    expect((await judge('$9.50', ['$12.50'])).reason).toBe('expected $12.50, got $9.50');
  });

  it('takes a fixed value from the options', async () => {
    expect((await judge('the answer is 42', null, { value: 42 })).score).toBe(1);
    expect((await judge('the answer is 4,5', null, { value: 4.5, decimal: ',' })).score).toBe(1);
  });

  it('cannot judge a row without an expected answer', async () => {
    expect(await judge('5', null)).toEqual({ score: null, reason: 'the row has no expected answer' });
  });
});
