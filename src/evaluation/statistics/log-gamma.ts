// The logarithm of the gamma function for positive arguments, to about 15 digits.

/** Bernoulli terms B(2k) / (2k (2k - 1)) of Stirling's series (Abramowitz and Stegun, 6.1.41). */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360_360, 1 / 156, -3617 / 122_400];

/** ln Γ(x) for x > 0: moved up by the recurrence to where Stirling's series is exact, then the series. */
export function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  while (z < 15) {
    shift += Math.log(z);
    z += 1;
  }
  let series = 0;
  let power = z;
  for (const term of STIRLING) {
    series += term / power;
    power *= z * z;
  }
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
