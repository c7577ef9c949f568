// The Wilson score interval for a proportion: E. B. Wilson, "Probable inference, the law of succession, and statistical
// inference", JASA 22 (1927). Sound also for few trials and for proportions near 0 and 1.

import type { Interval } from '../summary.js';

/** The 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054;

/** The 95 % interval for `successes` of `trials`; null without trials. */
export function wilson95(successes: number, trials: number): Interval | null {
  if (trials === 0) return null;
  const p = successes / trials;
  const z2 = Z * Z;
  const denominator = 1 + z2 / trials;
  const centre = (p + z2 / (2 * trials)) / denominator;
  const half = (Z / denominator) * Math.sqrt((p * (1 - p)) / trials + z2 / (4 * trials * trials));
  // At the ends the bounds are exactly 0 and 1; rounding must not leave them a hair outside.
  return [successes === 0 ? 0 : Math.max(0, centre - half), successes === trials ? 1 : Math.min(1, centre + half)];
}
