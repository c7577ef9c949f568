// Quantiles of Student's t distribution, computed and not tabled.

import { logGamma } from './log-gamma.js';

const quantiles = new Map<number, number>();

/** The value that a t-distributed variable with `degrees` (1, 2, …) degrees of freedom stays below with probability 0.975. */
export function tQuantile975(degrees: number): number {
  const known = quantiles.get(degrees);
  if (known !== undefined) return known;
  const quantile = solve(degrees);
  if (quantiles.size < 10_000) quantiles.set(degrees, quantile);
  return quantile;
}

/** Bisection: the tail probability falls strictly with t, and 100 halvings end at the last bit. */
function solve(degrees: number): number {
  let low = 0;
  let high = 16;
  for (let i = 0; i < 200; i += 1) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (upperTail(middle, degrees) > 0.025) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(T > t) = I(ν / (ν + t²); ν/2, 1/2) / 2 (Abramowitz and Stegun, 26.7.1). */
function upperTail(t: number, degrees: number): number {
  const denominator = degrees + t * t;
  return incompleteBeta(degrees / denominator, (t * t) / denominator, degrees / 2, 0.5) / 2;
}

/** The regularised incomplete beta function I(x; a, b). `y` is 1 - x, given apart because the difference loses digits. */
function incompleteBeta(x: number, y: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(y));
  // The continued fraction converges fast only on this side of the mean; the other side is its mirror image.
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(y, b, a)) / b;
}

const TINY = 1e-300;

/** The continued fraction of Abramowitz and Stegun, 26.5.8, by the modified Lentz method. */
function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 10_000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-16) break;
  }
  return fraction;
}

/** A divisor must not be zero. */
function away(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
