import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShapeError } from '../errors.ts';
import { Generator, liveTensors, randn, tensor, tidy } from '../tensor/index.ts';
import { chunkedTopKStatistics, topKStatistics } from './top-k-statistics.ts';

const logitsOf = (probabilities: readonly number[][]) =>
  tensor(
    probabilities.map((row) => row.map(Math.log)),
    { dtype: 'float64' },
  );

test('entropy in bits and mass of the two likeliest of four tokens', () => {
  const { entropy, renormalizedEntropy, mass } = topKStatistics(
    logitsOf([
      [0.125, 0.5, 0.125, 0.25],
      [0.25, 0.25, 0.25, 0.25],
    ]),
    { k: 2 },
  );
  // ½·1 + ¼·2 = 1 bit; of (2/3, 1/3): log₂ 3 − 2/3. Of two quarters: 2 · ¼·2 = 1 bit; halved evenly: 1 bit.
  expect(entropy).toBeAllClose([1, 1], { rtol: 1e-12 });
  expect(renormalizedEntropy).toBeAllClose([Math.log2(3) - 2 / 3, 1], { rtol: 1e-12 });
  expect(mass).toBeAllClose([0.75, 0.5], { rtol: 1e-12 });
});

test('a vocabulary smaller than k is counted whole', () => {
  const { entropy, renormalizedEntropy, mass } = topKStatistics(logitsOf([[0.5, 0.25, 0.25]]));
  for (const value of [entropy, renormalizedEntropy])
    expect(value).toBeAllClose([1.5], { rtol: 1e-12 });
  expect(mass).toBeAllClose([1], { rtol: 1e-12 });
});

test('a certain token has no entropy, and impossible ones are no NaN', () => {
  const { entropy, renormalizedEntropy, mass } = topKStatistics(
    tensor([[0, -Infinity, -Infinity, -1e4]], { dtype: 'float64' }),
    { k: 3 },
  );
  for (const value of [entropy, renormalizedEntropy])
    expect(value).toBeAllClose([0], { atol: 1e-12 });
  expect(mass).toBeAllClose([1], { rtol: 1e-12 });
});

test('H_k = M_k (H′_k − log₂ M_k), H′_k ≤ log₂ k, and a larger k never has less of either', () => {
  const law = fc.property(
    fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 2, maxLength: 12 }),
    fc.integer({ min: 1, max: 11 }),
    (logits, k) => {
      tidy(() => {
        const rows = tensor([logits], { dtype: 'float64' });
        const [small, large] = [k, k + 1].map((count) => {
          const { entropy, renormalizedEntropy, mass } = topKStatistics(rows, { k: count });
          return [entropy.item(), renormalizedEntropy.item(), mass.item()] as const;
        }) as [readonly [number, number, number], readonly [number, number, number]];
        const [entropy, renormalized, mass] = small;
        expect(entropy).toBeCloseTo(mass * (renormalized - Math.log2(mass)), 9);
        expect(renormalized).toBeLessThanOrEqual(Math.log2(k) + 1e-9);
        expect(large[0]).toBeGreaterThanOrEqual(entropy - 1e-9);
        expect(large[2]).toBeGreaterThanOrEqual(mass - 1e-12);
      });
    },
  );
  fc.assert(law);
});

test('chunks give what all logits give, and keep nothing alive', () => {
  const generator = new Generator(3);
  const [hidden, head] = [
    randn([17, 5], generator, { dtype: 'float64' }),
    randn([13, 5], generator, { dtype: 'float64' }),
  ];
  const whole = tidy(() => {
    const { entropy, renormalizedEntropy, mass } = topKStatistics(
      hidden.matmul(head.transpose(0, 1)),
      { k: 4 },
    );
    return [entropy, renormalizedEntropy, mass].map((value) => value.toArray());
  });
  const before = liveTensors();
  for (const chunkRows of [1, 4, 17, undefined]) {
    const chunked = tidy(() => {
      const { entropy, renormalizedEntropy, mass } = chunkedTopKStatistics(hidden, head, {
        k: 4,
        ...(chunkRows && { chunkRows }),
      });
      return [entropy, renormalizedEntropy, mass].map((value) => value.toArray());
    });
    for (const [i, values] of chunked.entries())
      expect(values).toBeAllClose(whole[i]!, { rtol: 1e-12 });
  }
  expect(liveTensors()).toBe(before);
});

test('widths that differ are refused', () => {
  const generator = new Generator(3);
  const mismatched = () =>
    chunkedTopKStatistics(randn([2, 5], generator), randn([13, 4], generator));
  expect(mismatched).toThrow(ShapeError);
  expect(mismatched).toThrow(/found \[2, 5\], \[13, 4\]/);
});
