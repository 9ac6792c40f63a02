/** ln Γ(x) for x > 0. Lanczos 1964, with the coefficients of Godfrey for g = 7, n = 9; 15 digits. */
function logGamma(x: number): number {
  const coefficients = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
    -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
    1.5056327351493116e-7,
  ];
  const z = x - 1;
  const series = coefficients.reduce((sum, c, i) => (i === 0 ? c : sum + c / (z + i)), 0);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(series);
}

const TINY = 1e-300;

/** The continued fraction of the incomplete beta function, by Lentz's method. Abramowitz and Stegun, 26.5.8. */
function betaFraction(a: number, b: number, x: number): number {
  const guard = (value: number) => (Math.abs(value) < TINY ? TINY : value);
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m < 300; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return result;
}

/** The regularised incomplete beta function I_x(a, b). Abramowitz and Stegun, 26.5. */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
  // The fraction converges fast on this side of the mean; the other follows by symmetry.
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(a, b, x)) / a
    : 1 - (front * betaFraction(b, a, 1 - x)) / b;
}

export interface Correlation {
  /** Pearson's r; NaN where one side does not vary. */
  readonly r: number;
  /** Probability of an |r| at least as large without any relation: Student's t of n − 2 degrees of freedom, two-sided. */
  readonly p: number;
  readonly n: number;
}

/** Pearson's correlation of pairs. */
export function pearson(pairs: readonly (readonly [number, number])[]): Correlation {
  const n = pairs.length;
  const means = [0, 1].map((side) => pairs.reduce((sum, pair) => sum + pair[side]!, 0) / n);
  const moment = (a: 0 | 1, b: 0 | 1) =>
    pairs.reduce((sum, pair) => sum + (pair[a] - means[a]!) * (pair[b] - means[b]!), 0);
  const r = moment(0, 1) / Math.sqrt(moment(0, 0) * moment(1, 1));
  const freedom = n - 2;
  // p = I_{ν/(ν+t²)}(ν/2, 1/2), t² = ν r² / (1 − r²), so that ν/(ν+t²) = 1 − r².
  const p = freedom <= 0 ? Number.NaN : regularizedBeta(1 - r * r, freedom / 2, 0.5);
  return { r, p, n };
}

/** Places of values in order, from 1; equal values share the mean of theirs. */
export function ranks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  const ranked = Array<number>(values.length).fill(0);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end += 1;
    for (const place of order.slice(start, end)) ranked[place] = (start + 1 + end) / 2;
    start = end;
  }
  return ranked;
}

/** Spearman's rank correlation of pairs: Pearson's of their ranks. */
export function spearman(pairs: readonly (readonly [number, number])[]): number {
  const [left, right] = ([0, 1] as const).map((side) => ranks(pairs.map((pair) => pair[side])));
  return pearson(left!.map((rank, i) => [rank, right![i]!])).r;
}

/** What is left of the correlation of two variables when a third, related to both, is held. */
export function partialCorrelation(
  triples: readonly (readonly [number, number, number])[],
): number {
  const r = (a: 0 | 1 | 2, b: 0 | 1 | 2) =>
    pearson(triples.map((triple) => [triple[a], triple[b]])).r;
  const [xy, xz, yz] = [r(0, 1), r(0, 2), r(1, 2)];
  return (xy - xz * yz) / Math.sqrt((1 - xz * xz) * (1 - yz * yz));
}
