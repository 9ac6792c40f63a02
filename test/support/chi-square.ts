/** Pearson's test of observed counts against a distribution, with its p-value. */

export interface ChiSquareTest {
  readonly statistic: number;
  readonly degrees: number;
  /** Probability of a statistic at least this large if the counts were drawn from the distribution. */
  readonly pValue: number;
}

/** Counts expected below this are pooled into one cell, as χ² asks for (Cochran 1952). */
const LEAST_EXPECTED = 5;

/** Pearson 1900: Σ (observed − expected)² / expected. A count where nothing is expected has p-value 0. */
export function chiSquareTest(
  counts: readonly number[],
  probabilities: readonly number[],
): ChiSquareTest {
  const draws = counts.reduce((sum, count) => sum + count, 0);
  const cells = counts.map((count, i) => ({ count, expected: draws * probabilities[i]! }));
  const large = cells.filter(({ expected }) => expected >= LEAST_EXPECTED);
  const small = cells.filter(({ expected }) => expected < LEAST_EXPECTED);
  const pooled = small.reduce(
    (sum, cell) => ({ count: sum.count + cell.count, expected: sum.expected + cell.expected }),
    { count: 0, expected: 0 },
  );
  const tested = pooled.expected > 0 || pooled.count > 0 ? [...large, pooled] : large;
  const statistic = tested.reduce(
    (sum, { count, expected }) => sum + (count - expected) ** 2 / expected,
    0,
  );
  const degrees = tested.length - 1;
  return { statistic, degrees, pValue: chiSquareSurvival(statistic, degrees) };
}

/** P(χ² > x) for k degrees of freedom: the regularised upper incomplete gamma function Q(k/2, x/2). */
export function chiSquareSurvival(x: number, degrees: number): number {
  const [a, z] = [degrees / 2, x / 2];
  if (degrees === 0 || z === 0) return x === 0 ? 1 : 0;
  if (!Number.isFinite(z)) return 0;
  const scale = Math.exp(a * Math.log(z) - z - logGamma(a));
  return z < a + 1 ? 1 - scale * lowerSeries(a, z) : scale * upperFraction(a, z);
}

/** Σ z^n Γ(a) / Γ(a + 1 + n). Abramowitz and Stegun, 6.5.29. */
function lowerSeries(a: number, z: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; term > sum * 1e-16; n++) {
    term *= z / (a + n);
    sum += term;
  }
  return sum;
}

/** 1/(z + 1 − a − 1(1 − a)/(z + 3 − a − …)), evaluated from far inside. Abramowitz and Stegun, 6.5.31. */
function upperFraction(a: number, z: number): number {
  let tail = 0;
  for (let n = 10_000; n >= 1; n--) tail = (n * (n - a)) / (z + 2 * n + 1 - a - tail);
  return 1 / (z + 1 - a - tail);
}

/** ln Γ(a) for half-integers: Γ(1) = 1, Γ(1/2) = √π, Γ(a + 1) = a Γ(a). */
function logGamma(a: number): number {
  let sum = a % 1 === 0 ? 0 : Math.log(Math.PI) / 2;
  for (let b = a - 1; b > 0; b--) sum += Math.log(b);
  return sum;
}
