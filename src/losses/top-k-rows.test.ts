import fc from 'fast-check';
import { expect, test } from 'vitest';
import { callTensors, Generator, randn, type Tensor, tensor } from '../tensor/index.ts';

const topOf = (x: Tensor, k: number): [values: number[], places: number[]] => {
  const [values, places] = callTensors('laurel::top_k_rows', x, k) as [Tensor, Tensor];
  return [values.toArray(), places.toArray()];
};

/** By sorting the whole row: largest first, of equal numbers the first place first. */
const bySorting = (row: readonly number[], k: number): number[] =>
  [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b).slice(0, k);

test('the k largest of a row are those of the sorted row, equal ones by place', () => {
  const rows = fc.integer({ min: 1, max: 400 }).chain((length) =>
    fc.record({
      row: fc.array(fc.integer({ min: -20, max: 20 }), { minLength: length, maxLength: length }),
      k: fc.integer({ min: 1, max: length }),
    }),
  );
  fc.assert(
    fc.property(rows, ({ row, k }) => {
      const expected = bySorting(row, k);
      const [values, places] = topOf(tensor([row], { dtype: 'float32' }), k);
      expect(places).toEqual(expected);
      expect(values).toEqual(expected.map((place) => row[place]! + 0));
    }),
    { numRuns: 200 },
  );
});

test('rising and falling rows, the best and worst order for a running bound, give the same', () => {
  const rising = Array.from({ length: 1000 }, (_, i) => i);
  expect(topOf(tensor([rising], { dtype: 'float32' }), 3)[1]).toEqual([999, 998, 997]);
  const falling = [...rising].reverse();
  expect(topOf(tensor([falling], { dtype: 'float32' }), 3)[1]).toEqual([0, 1, 2]);
});

test('infinities have their places', () => {
  const row = [0, -Infinity, Infinity, 1, ...Array<number>(100).fill(-Infinity)];
  expect(topOf(tensor([row], { dtype: 'float32' }), 4)).toEqual([
    [Infinity, 1, 0, -Infinity],
    [2, 3, 0, 1],
  ]);
});

test('many rows of many numbers agree with libtorch, in float32 and float64', () => {
  for (const dtype of ['float32', 'float64'] as const) {
    const x = randn([17, 5000], new Generator(1), { dtype });
    const [values, places] = x.topk(50);
    expect(topOf(x, 50)).toEqual([values.toArray(), places.toArray()]);
  }
});

test('a k beyond the row is refused', () => {
  expect(() => topOf(tensor([[1, 2]], { dtype: 'float32' }), 3)).toThrow('k in 1 … V');
});
