import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bootstrapInterval, quantile } from './bootstrap.ts';
import { partialCorrelation, pearson, ranks, regularizedBeta, spearman } from './correlation.ts';
import {
  evaluatePolynomial,
  fitPolynomial,
  inSampleRmse,
  leaveOneOutRmse,
  type Point,
  vertexOf,
} from './least-squares.ts';

const coefficient = fc.double({ min: -5, max: 5, noNaN: true });

describe('fits', () => {
  test('a parabola is found again from its points, and so is its vertex', () => {
    fc.assert(
      fc.property(
        coefficient,
        coefficient,
        fc.double({ min: 0.1, max: 5, noNaN: true }),
        (a, b, c) => {
          const points = [-3, -1, 0, 2, 5].map((x): Point => [x, a + b * x + c * x * x]);
          const found = fitPolynomial(points, 2);
          for (const [i, value] of [a, b, c].entries()) expect(found[i]).toBeCloseTo(value, 8);
          expect(vertexOf(found)).toBeCloseTo(-b / (2 * c), 7);
        },
      ),
    );
  });

  test('a line through three points has least squares', () => {
    // x̄ = 1, ȳ = 4/3; slope Σ(x−x̄)(y−ȳ)/Σ(x−x̄)² = 1.5/… : (−1)(0−4/3) + 0 + 1·(3−4/3) = 3, over 2 → 1.5.
    const found = fitPolynomial(
      [
        [0, 0],
        [1, 1],
        [2, 3],
      ],
      1,
    );
    expect(found[1]).toBeCloseTo(1.5, 12);
    expect(found[0]).toBeCloseTo(4 / 3 - 1.5, 12);
    expect(evaluatePolynomial([1, 2, 3], 2)).toBe(17);
  });

  test('in sample a parabola is never worse than a line; left out, it may be', () => {
    const groups: Point[][] = [[[0, 0.1]], [[1, 1]], [[2, 1.9]], [[3, 3.3]]];
    expect(inSampleRmse(groups.flat(), 2)).toBeLessThanOrEqual(inSampleRmse(groups.flat(), 1));
    expect(leaveOneOutRmse(groups, 2)).toBeGreaterThan(leaveOneOutRmse(groups, 1));
  });

  test('a run is left out whole', () => {
    // Without the second run the line is y = x, without the first y = 2: errors 1 and 1 at 3, 2 and 1 at 0 and 1.
    const groups: Point[][] = [
      [
        [0, 0],
        [1, 1],
      ],
      [
        [3, 2],
        [3.5, 2],
      ],
    ];
    expect(leaveOneOutRmse(groups, 1)).toBeCloseTo(
      Math.sqrt((2 ** 2 + 1 ** 2 + 1 ** 2 + 1.5 ** 2) / 4),
      10,
    );
  });
});

describe('correlation', () => {
  test('I_x(a, b) has its closed forms', () => {
    // I_x(1, b) = 1 − (1 − x)^b, I_x(a, 1) = x^a, I_x(½, ½) = 2/π asin √x.
    expect(regularizedBeta(0.3, 1, 4)).toBeCloseTo(1 - 0.7 ** 4, 12);
    expect(regularizedBeta(0.9, 3, 1)).toBeCloseTo(0.9 ** 3, 12);
    expect(regularizedBeta(0.2, 0.5, 0.5)).toBeCloseTo(
      (2 / Math.PI) * Math.asin(Math.sqrt(0.2)),
      12,
    );
  });

  test('r and p of a hand case', () => {
    // Deviations (−1.5, −.5, .5, 1.5) and (−1.5, .5, −.5, 1.5): r = 4 / 5 = 0.8. With ν = 2, p = I_{0.36}(1, ½) = 1 − √0.64 = 0.2.
    const { r, p, n } = pearson([
      [1, 1],
      [2, 3],
      [3, 2],
      [4, 4],
    ]);
    expect(r).toBeCloseTo(0.8, 12);
    expect(p).toBeCloseTo(0.2, 12);
    expect(n).toBe(4);
  });

  test('two variables that share only a third have nothing left when it is held', () => {
    // x = z + a and y = z + b with a, b and z orthogonal of one variance: r = 1/2, and nothing given z.
    const signs = [1, -1];
    const triples = signs.flatMap((z) =>
      signs.flatMap((a) => signs.map((b) => [z + a, z + b, z] as const)),
    );
    expect(pearson(triples.map(([x, y]) => [x, y])).r).toBeCloseTo(1 / 2, 12);
    expect(partialCorrelation(triples)).toBeCloseTo(0, 12);
  });

  test('what does not vary has no correlation', () => {
    expect(
      pearson([
        [1, 1],
        [1, 2],
        [1, 3],
      ]).r,
    ).toBeNaN();
  });
});

describe('bootstrap', () => {
  test('quantiles lie between values in a line', () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([0, 10], 0.25)).toBe(2.5);
  });

  test('the interval of a mean has about the width of the normal one', () => {
    const runs = Array.from({ length: 100 }, (_, i): number => i % 2);
    const { low, high } = bootstrapInterval(
      runs,
      (some) => some.reduce((a, b) => a + b) / some.length,
    );
    // Standard error √(¼ / 100) = 0.05: 0.5 ± 0.098.
    expect(low).toBeCloseTo(0.402, 1);
    expect(high).toBeCloseTo(0.598, 1);
  });

  test('the same runs give the same interval', () => {
    const of = () => bootstrapInterval([1, 5, 2, 8], (some) => Math.max(...some));
    expect(of()).toEqual(of());
  });
});

test('equal values share the mean of their ranks', () => {
  // 10 is first; the two 20s are second and third, 2.5 each; 30 is fourth.
  expect(ranks([20, 10, 30, 20])).toEqual([2.5, 1, 4, 2.5]);
});

test('the rank correlation of what only rises is 1, and a swap of neighbours costs 6 Σ d² / (n (n² − 1))', () => {
  const rising = [1, 2, 3, 4].map((x) => [x, Math.exp(5 * x)] as const);
  expect(spearman(rising)).toBeCloseTo(1, 12);
  // d = 1, 1: 1 − 6 · 2 / (4 · 15) = 0.8.
  const swapped = [
    [1, 2],
    [2, 1],
    [3, 3],
    [4, 4],
  ] as const;
  expect(spearman(swapped)).toBeCloseTo(0.8, 12);
});
