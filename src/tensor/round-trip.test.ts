import { describe, expect, it } from 'vitest';
import {
  arange,
  type DType,
  dtypeBytes,
  empty,
  fromTypedArray,
  full,
  type NumericArray,
  ones,
  tensor,
  tokenTensor,
  zeros,
} from './index.ts';

/** Values each dtype holds exactly: extremes, smallest steps and zeros of both signs. */
const exact: Record<DType, number[]> = {
  float32: [0, -0, 1, -1.5, 2 ** -149, 3.4028234663852886e38, Infinity, -Infinity, NaN],
  float64: [0, -0, 0.1, Math.PI, Number.MIN_VALUE, Number.MAX_VALUE, -Infinity, NaN],
  // bfloat16 has 8 bits of significand, float16 11.
  bfloat16: [0, -0, 1, -1.5, 255, 2 ** -133, 3.3895313892515355e38, Infinity, NaN],
  float16: [0, -0, 1, -1.5, 2047, 65504, 2 ** -24, -Infinity, NaN],
  int64: [0, 1, -1, 2 ** 53 - 1, -(2 ** 53 - 1)],
  int32: [0, -1, 2147483647, -2147483648],
  int16: [0, -1, 32767, -32768],
  int8: [0, -1, 127, -128],
  uint8: [0, 1, 255],
  bool: [0, 1, 1],
};
const dtypes = Object.keys(exact) as DType[];

describe('values', () => {
  it.each(dtypes)('%s round-trips through numbers', (dtype) => {
    const made = tensor(exact[dtype], { dtype });
    expect(made.dtype).toBe(dtype);
    expect(made.shape).toEqual([exact[dtype].length]);
    expect(made.nbytes).toBe(exact[dtype].length * dtypeBytes(dtype));
    expect(made.toArray()).toEqual(exact[dtype]);
  });

  it.each(dtypes)('%s round-trips through its typed array, bit for bit', (dtype) => {
    const made = tensor(exact[dtype], { dtype });
    const bytes = (array: NumericArray) =>
      Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('hex');
    const array = made.toTypedArray();
    const again = fromTypedArray(array, made.shape, { dtype });
    expect(again.dtype).toBe(dtype);
    expect(bytes(again.toTypedArray())).toBe(bytes(array));
  });

  it('bfloat16 keeps the upper half of float32, rounded to even', () => {
    // 1 + 2^-8 lies halfway between 0x3f80 and 0x3f81: the even one wins.
    const halves = tensor([1, 1 + 2 ** -8, 1 + 3 * 2 ** -8], { dtype: 'bfloat16' });
    expect(Array.from(halves.toTypedArray() as Uint16Array)).toEqual([0x3f80, 0x3f80, 0x3f82]);
  });

  it('int64 keeps all 64 bits of a BigInt64Array', () => {
    const array = BigInt64Array.from([2n ** 63n - 1n, -(2n ** 63n), 0n]);
    expect(fromTypedArray(array, [3]).toTypedArray()).toEqual(array);
  });

  it('int64 refuses numbers that are not whole or not exact', () => {
    for (const value of [0.5, 2 ** 53, NaN, Infinity])
      expect(() => tensor([value], { dtype: 'int64' })).toThrow(/whole numbers below 2\^53/);
  });

  it('an array of booleans is bool', () => {
    const made = tensor([[true, false]]);
    expect([made.dtype, made.toArray()]).toEqual(['bool', [1, 0]]);
  });

  it('a typed array that starts inside its buffer is read from there', () => {
    const whole = Float32Array.from([9, 1, 2, 9]);
    expect(fromTypedArray(whole.subarray(1, 3), [2]).toArray()).toEqual([1, 2]);
  });
});

describe('shape, strides and device', () => {
  it('nested arrays give the shape', () => {
    expect(tensor(5).shape).toEqual([]);
    expect(tensor([]).shape).toEqual([0]);
    expect(
      tensor([
        [[1], [2]],
        [[3], [4]],
        [[5], [6]],
      ]).shape,
    ).toEqual([3, 2, 1]);
  });

  it.each([
    [[[1, 2], [3]], /ragged.*expected 2 at depth 1, found 1/],
    [[1, [2]], /ragged/],
    [[[1], 2], /ragged.*found a number/],
  ])('a ragged array is refused: %j', (ragged, message) => {
    expect(() => tensor(ragged)).toThrow(message);
  });

  it('row-major strides, permuted by a transpose', () => {
    const x = zeros([2, 3, 4]);
    expect(x.strides).toEqual([12, 4, 1]);
    const turned = x.transpose(0, 2);
    expect(turned.shape).toEqual([4, 3, 2]);
    expect(turned.strides).toEqual([1, 4, 12]);
    expect([x.isContiguous, turned.isContiguous]).toEqual([true, false]);
    expect(x.unsqueeze(0).expand([5, 2, 3, 4]).strides).toEqual([0, 12, 4, 1]);
  });

  it('elements of a view come in row-major order of the view', () => {
    const x = arange(0, 6, { dtype: 'float32' }).view([2, 3]);
    expect(x.transpose(0, 1).toArray()).toEqual([0, 3, 1, 4, 2, 5]);
    expect(Array.from(x.transpose(0, 1).toTypedArray() as Float32Array)).toEqual([
      0, 3, 1, 4, 2, 5,
    ]);
  });

  it('is on the CPU unless told otherwise', () => {
    expect(zeros([1]).device).toBe('cpu');
    expect(() => zeros([1], { device: 'cuda:99' })).toThrow(/aten::full/);
  });

  it('size, rank and bytes follow from the shape', () => {
    const x = zeros([2, 3], { dtype: 'float64' });
    expect([x.size, x.rank, x.nbytes]).toEqual([6, 2, 48]);
    expect([tensor(1).size, tensor(1).rank]).toEqual([1, 0]);
    expect(zeros([0, 3]).size).toBe(0);
  });

  it.each([
    [[3], /needs 12 bytes, found 8/],
    [[-2], /a size is a whole number/],
    [[0.5, 4], /a size is a whole number/],
    [[NaN], /a size is a whole number/],
    [[Infinity, 0], /a size is a whole number/],
    [[2 ** 40, 2 ** 40], /needs/],
    [new Array<number>(200_000).fill(1), /do not fit the wire/],
  ])('a shape that does not fit its array is refused', (shape, message) => {
    expect(() => fromTypedArray(new Float32Array(2), shape)).toThrow(message);
  });

  it('a tensor of more axes than the wire holds is refused a description', () => {
    const deep = ones(new Array<number>(60_000).fill(1));
    expect(deep.rank).toBe(60_000);
    // 8 + 2 · 65,533 numbers describe it, and 2^17 fit.
    const deepest = ones(new Array<number>(65_530).fill(1));
    const deeper = deepest.unsqueeze(0).unsqueeze(0).unsqueeze(0);
    expect(() => deeper.shape).toThrow(/do not fit the wire/);
  });
});

describe('makers', () => {
  it('fill, count and allocate', () => {
    expect(full([2], 3.5).toArray()).toEqual([3.5, 3.5]);
    expect(ones([2], { dtype: 'int32' }).toArray()).toEqual([1, 1]);
    expect(arange(2, 8, { step: 3 }).toArray()).toEqual([2, 5]);
    expect(empty([2, 2], { dtype: 'bfloat16' }).nbytes).toBe(8);
    const ids = tokenTensor([5, 6, 7, 8], [2, 2]);
    expect([ids.dtype, ids.shape]).toEqual(['int64', [2, 2]]);
  });
});
