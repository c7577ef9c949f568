import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { tQuantile975 } from '../../../../src/evaluation/statistics/student-t.js';
import { ValueCounts } from '../../../../src/evaluation/statistics/value-counts.js';
import { wilson95 } from '../../../../src/evaluation/statistics/wilson.js';

describe('wilson95', () => {
  it.each([
    [7, 10, 0.396778, 0.892209],
    [19, 24, 0.5953, 0.9076],
    [0, 5, 0, 0.434482],
    [5, 5, 0.565518, 1],
    [81, 263, 0.2553, 0.3662],
  ])('of %d in %d', (successes, trials, lower, upper) => {
    const interval = wilson95(successes, trials);
    expect(interval?.[0]).toBeCloseTo(lower, 4);
    expect(interval?.[1]).toBeCloseTo(upper, 4);
  });

  it('does not exist without trials', () => {
    expect(wilson95(0, 0)).toBe(null);
  });

  it('solves its defining equation at both ends', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, share) => {
        const successes = Math.round(trials * share);
        const p = successes / trials;
        for (const bound of wilson95(successes, trials) ?? []) {
          // The bounds are the values of the true proportion at which the observed one is 1.96 standard errors away.
          if (bound === 0 || bound === 1) continue;
          expect(Math.abs(p - bound) / Math.sqrt((bound * (1 - bound)) / trials)).toBeCloseTo(1.959963984540054, 6);
        }
      }),
    );
  });
});

describe('tQuantile975', () => {
  // Published tables of Student's t, two-sided 95 %.
  it.each([
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [5, 2.571],
    [6, 2.447],
    [7, 2.365],
    [8, 2.306],
    [9, 2.262],
    [10, 2.228],
    [15, 2.131],
    [20, 2.086],
    [25, 2.06],
    [30, 2.042],
    [40, 2.021],
    [60, 2],
    [120, 1.98],
  ])('with %d degrees of freedom is the table value %d', (degrees, value) => {
    expect(tQuantile975(degrees)).toBeCloseTo(value, 3);
  });

  // Closed forms: for 1 degree tan(0.475 π), for 2 degrees 0.95 √(2 / (1 - 0.95²)). The others from SciPy 1.17.
  it.each([
    [1, Math.tan(0.475 * Math.PI)],
    [2, 0.95 * Math.sqrt(2 / (1 - 0.95 ** 2))],
    [23, 2.0686576104190406],
    [99, 1.9842169515864174],
    [9999, 1.960201263621357],
    [99_999, 1.9599877077718442],
  ])('with %d degrees of freedom is right to ten digits', (degrees, value) => {
    expect(Math.abs(tQuantile975(degrees) / value - 1)).toBeLessThan(1e-10);
  });

  it('falls towards the normal quantile', () => {
    for (let degrees = 1; degrees < 300; degrees += 1) {
      expect(tQuantile975(degrees)).toBeGreaterThan(tQuantile975(degrees + 1));
      expect(tQuantile975(degrees)).toBeGreaterThan(1.959963984540054);
    }
  });
});

describe('ValueCounts', () => {
  const bagOf = (values: readonly number[]): ValueCounts => {
    const bag = new ValueCounts();
    for (const value of values) bag.add(value);
    return bag;
  };

  it('has no numbers for an empty bag and no t interval for one value', () => {
    expect(bagOf([]).distribution('t')).toEqual({ n: 0, mean: null, ci95: null, method: 't', min: null, p50: null, p90: null, p95: null });
    expect(bagOf([0.4]).distribution('t')).toEqual({ n: 1, mean: 0.4, ci95: null, method: 't', min: 0.4, p50: 0.4, p90: 0.4, p95: null });
  });

  it('computes mean, interval and quantiles of a known sample', () => {
    // Sample standard deviation of 1 to 5: √2.5; t(4) = 2.7764451052.
    const { mean, ci95, p50, p90, min } = bagOf([3, 1, 5, 2, 4]).distribution('t');
    expect({ mean, p50, p90, min }).toEqual({ mean: 3, p50: 3, p90: 4.6, min: 1 });
    expect(ci95?.[0]).toBeCloseTo(3 - 2.7764451052 * Math.sqrt(2.5 / 5), 9);
    expect(ci95?.[1]).toBeCloseTo(3 + 2.7764451052 * Math.sqrt(2.5 / 5), 9);
  });

  it('gives a p95 from 20 values on', () => {
    expect(bagOf(Array.from({ length: 19 }, (_, i) => i)).distribution('t').p95).toBe(null);
    expect(bagOf(Array.from({ length: 21 }, (_, i) => i)).distribution('t').p95).toBe(19);
  });

  it('uses Wilson for values that are 0 or 1 by definition', () => {
    expect(bagOf([1, 1, 1, 1, 1, 1, 1, 0, 0, 0]).distribution('wilson').ci95).toEqual(wilson95(7, 10));
  });

  it('agrees with sorting all values, in whatever order they came', () => {
    const values = fc.array(fc.oneof(fc.constantFrom(0, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(values.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))), ([list, shuffled]) => {
        const result = bagOf(list).distribution('t');
        expect(bagOf(shuffled).distribution('t')).toEqual(result);
        const sorted = [...list].sort((a, b) => a - b);
        const at = (q: number): number => {
          const position = (sorted.length - 1) * q;
          const low = sorted[Math.floor(position)] ?? NaN;
          return low + ((sorted[Math.ceil(position)] ?? NaN) - low) * (position - Math.floor(position));
        };
        expect(result.p50).toBe(at(0.5));
        expect(result.p90).toBe(at(0.9));
        expect(result.mean).toBeCloseTo(list.reduce((sum, value) => sum + value, 0) / list.length, 12);
      }),
    );
  });
});
