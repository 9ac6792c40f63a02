import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  callInPlace,
  type DType,
  fromTypedArray,
  noGrad,
  type Tensor,
  tidy,
  tokenTensor,
} from '../tensor/index.ts';

/** A cache whose every number says where it stands. */
const numbered = (shape: readonly number[], dtype: DType): Tensor => {
  const size = shape.reduce((product, length) => product * length, 1);
  return fromTypedArray(
    Float32Array.from({ length: size }, (_, i) => i),
    shape,
  ).to({
    dtype,
  });
};

const cases = fc
  .record({
    rows: fc.integer({ min: 1, max: 6 }),
    heads: fc.integer({ min: 1, max: 3 }),
    capacity: fc.integer({ min: 1, max: 4 }),
    width: fc.integer({ min: 1, max: 5 }),
    dtype: fc.constantFrom<DType>('float32', 'float64'),
    isView: fc.boolean(),
  })
  .chain((sizes) =>
    fc.record({
      sizes: fc.constant(sizes),
      chosen: fc.array(fc.integer({ min: 0, max: sizes.rows - 1 }), {
        minLength: 1,
        maxLength: sizes.rows,
      }),
      length: fc.integer({ min: 0, max: sizes.capacity }),
    }),
  );

test('rows of every cache are chosen up to a length, and nothing else changes', () => {
  fc.assert(
    fc.property(cases, ({ sizes, chosen, length }) =>
      noGrad(() =>
        tidy(() => {
          const { rows, heads, capacity, width, dtype, isView } = sizes;
          const make = () =>
            isView
              ? numbered([rows, capacity, heads, width], dtype).transpose(1, 2)
              : numbered([rows, heads, capacity, width], dtype);
          const caches = [make(), make().neg()];
          const before = caches.map((cache) => cache.toArray());
          callInPlace('laurel::select_rows_', caches, tokenTensor(chosen, [chosen.length]), length);
          const rowSize = heads * capacity * width;
          for (const [c, cache] of caches.entries()) {
            const expected = before[c]!.map((value, at) => {
              const [row, place] = [Math.floor(at / rowSize), Math.floor(at / width) % capacity];
              const isChosen = row < chosen.length && place < length;
              return isChosen ? before[c]![chosen[row]! * rowSize + (at % rowSize)]! : value;
            });
            expect(cache.toArray()).toEqual(expected);
          }
        }),
      ),
    ),
    { numRuns: 100 },
  );
});

test('rows that are none, and caches that are too small, are errors', () => {
  tidy(() => {
    const cache = numbered([2, 1, 2, 1], 'float32');
    const select = (rows: number[], length: number) =>
      callInPlace('laurel::select_rows_', [cache], tokenTensor(rows, [rows.length]), length);
    expect(() => select([0, 2], 1)).toThrow(/row 2 is none of 2/);
    expect(() => select([-1], 1)).toThrow(/row -1 is none of 2/);
    expect(() => select([0, 1, 1], 1)).toThrow(/does not hold 3 rows of 1 places/);
    expect(() => select([0], 3)).toThrow(/does not hold 1 rows of 3 places/);
  });
});
