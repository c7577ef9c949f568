// A bag of numbers kept as value and count: scores repeat, so a hundred thousand of them are small, and because every
// statistic is computed over the sorted values, the result does not depend on the order in which they came.

import type { Distribution, Interval } from '../summary.js';
import { tQuantile975 } from './student-t.js';
import { wilson95 } from './wilson.js';

/** Under this many values no p95 is given: it would be the largest value or nearly so. */
const MIN_FOR_P95 = 20;

export class ValueCounts {
  readonly #counts = new Map<number, number>();
  #n = 0;

  add(value: number): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
    this.#n += 1;
  }

  get n(): number {
    return this.#n;
  }

  mean(): number | null {
    return this.#n === 0 ? null : weightedMean(this.#sorted(), this.#n);
  }

  /** `wilson` only for values that are 0 or 1. */
  distribution(method: 'wilson' | 't'): Distribution {
    const sorted = this.#sorted();
    const mean = this.#n === 0 ? null : weightedMean(sorted, this.#n);
    return {
      n: this.#n,
      mean,
      ci95: method === 'wilson' ? wilson95(this.#counts.get(1) ?? 0, this.#n) : tInterval(sorted, this.#n, mean),
      method,
      min: sorted[0]?.[0] ?? null,
      p50: quantile(sorted, this.#n, 0.5),
      p90: quantile(sorted, this.#n, 0.9),
      p95: this.#n < MIN_FOR_P95 ? null : quantile(sorted, this.#n, 0.95),
    };
  }

  #sorted(): Counted {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}

/** Distinct values, ascending, with how often each occurs. */
type Counted = readonly (readonly [value: number, count: number])[];

function weightedMean(sorted: Counted, n: number): number {
  return sorted.reduce((sum, [value, count]) => sum + value * count, 0) / n;
}

/** mean ± t(0.975, n - 1) · s / √n, s with n - 1; null for fewer than two values. Not cut at 0 and 1. */
function tInterval(sorted: Counted, n: number, mean: number | null): Interval | null {
  if (mean === null || n < 2) return null;
  const squares = sorted.reduce((sum, [value, count]) => sum + count * (value - mean) ** 2, 0);
  const half = tQuantile975(n - 1) * Math.sqrt(squares / (n - 1) / n);
  return [mean - half, mean + half];
}

/** Linear between the two nearest values, the first being quantile 0 and the last quantile 1. */
function quantile(sorted: Counted, n: number, q: number): number | null {
  if (n === 0) return null;
  const position = (n - 1) * q;
  const below = valueAt(sorted, Math.floor(position));
  const above = valueAt(sorted, Math.ceil(position));
  return below + (above - below) * (position - Math.floor(position));
}

function valueAt(sorted: Counted, index: number): number {
  let left = index;
  for (const [value, count] of sorted) {
    if (left < count) return value;
    left -= count;
  }
  return sorted.at(-1)?.[0] ?? NaN;
}
