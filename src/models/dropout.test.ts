import { describe, expect, it } from 'vitest';
import {
  callTensor,
  type DType,
  full,
  Generator,
  grad,
  randn,
  type Tensor,
} from '../tensor/index.ts';
import { drop, dropoutAt } from './dropout.ts';

const dropped = (x: Tensor, share: number, seed: number): Tensor =>
  callTensor('laurel::seeded_dropout', x, share, seed);

describe('seeded dropout', () => {
  it.each([0.1, 0.5, 0.9])('zeroes a share of %d and keeps the mean', (share) => {
    const values = dropped(full([500, 200], 1), share, 7).toArray();
    const zeros = values.filter((value) => value === 0).length / values.length;
    // Of 100,000 draws the share strays by √(share (1 − share) / 100,000) ≤ 0.0016; five times that.
    expect(Math.abs(zeros - share)).toBeLessThan(0.008);
    const kept = new Set(values.filter((value) => value !== 0));
    expect([...kept]).toEqual([Math.fround(1 / (1 - share))]);
  });

  it('drops neighbours, rows and seeds independently of one another', () => {
    const share = 0.3;
    const isZero = (seed: number) =>
      dropped(full([400, 250], 1), share, seed)
        .toArray()
        .map((v) => v === 0);
    const [one, next, far] = [isZero(1), isZero(2), isZero(1 + 2 ** 40)];
    const together = (other: readonly boolean[], shift: number) =>
      one.filter((zero, i) => zero && other[i + shift]).length / one.length;
    // share² of all; √(0.09 · 0.91 / 100,000) = 0.0009, five times that.
    for (const [other, shift] of [
      [one, 1],
      [one, 250],
      [next, 0],
      [far, 0],
      [next, 1],
    ] as const)
      expect(Math.abs(together(other, shift) - share ** 2)).toBeLessThan(0.0045);
  });

  it.each(['float32', 'float64'] as DType[])(
    'is linear in %s: its gradient drops the same elements',
    (dtype) => {
      const x = randn([7, 33], new Generator(1), { dtype }).requireGrad();
      const weight = randn([7, 33], new Generator(2), { dtype });
      const [slope] = grad(dropped(x, 0.4, 5).mul(weight).sum(), [x]) as Tensor[];
      expect(
        slope!
          .sub(dropped(weight, 0.4, 5))
          .abs()
          .max()
          .item(),
      ).toBe(0);
    },
  );

  it('drops the same elements in every type and whatever the memory layout', () => {
    const x = randn([6, 40], new Generator(3));
    const kept = (y: Tensor) => y.toArray().map((value) => value !== 0);
    const plain = kept(dropped(x, 0.5, 9));
    expect(kept(dropped(x.to({ dtype: 'float64' }), 0.5, 9))).toEqual(plain);
    expect(kept(dropped(x.transpose(0, 1).contiguous().transpose(0, 1), 0.5, 9))).toEqual(plain);
  });

  it('refuses a share of 1', () => {
    expect(() => dropped(full([2], 1), 1, 0)).toThrow(/at least 0 and below 1/);
  });
});

describe('the dropout of a place', () => {
  it('draws other numbers at every call and the same ones again', () => {
    const seeds = (place: number, passSeed: number) => {
      const dropout = dropoutAt(place, { share: 0.1, passSeed })!;
      return [dropout.nextSeed(), dropout.nextSeed()];
    };
    expect(seeds(3, 11)).toEqual(seeds(3, 11));
    const all = [seeds(3, 11), seeds(4, 11), seeds(3, 12)].flat();
    expect(new Set(all).size).toBe(all.length);
  });

  it('is nothing without a share or a seed', () => {
    const x = full([2], 1);
    expect(dropoutAt(1, { share: 0, passSeed: 1 })).toBeUndefined();
    expect(dropoutAt(1, { share: 0.5, passSeed: undefined })).toBeUndefined();
    expect(drop(x, undefined)).toBe(x);
  });
});
