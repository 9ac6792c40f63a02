import { describe, expect, it } from 'vitest';
import { collectGarbage, collectNow } from '../../test/support/collect-garbage.ts';
import {
  callTensor,
  fromTypedArray,
  liveTensors,
  type NumericArray,
  ones,
  shareTypedArray,
  tensor,
  tidy,
  zeros,
} from './index.ts';

describe('a tensor on a typed array', () => {
  const arrays: NumericArray[] = [
    Float32Array.of(1, 2, 3, 4),
    Float64Array.of(1, 2, 3, 4),
    Int32Array.of(1, 2, 3, 4),
    Int16Array.of(1, 2, 3, 4),
    Int8Array.of(1, 2, 3, 4),
    Uint8Array.of(1, 2, 3, 4),
    BigInt64Array.of(1n, 2n, 3n, 4n),
  ];
  it.each(arrays.map((array) => [array.constructor.name, array] as const))(
    'shares the memory of a %s both ways',
    (_name, array) => {
      const shared = shareTypedArray(array, [2, 2]);
      array[3] = array[0] as never;
      expect(shared.toArray()).toEqual([1, 2, 3, 1]);
      shared.fill_(7);
      expect(Array.from(array, Number)).toEqual([7, 7, 7, 7]);
    },
  );

  it('keeps the array alive', async () => {
    const reference = new WeakRef(new Float32Array(1 << 20).fill(5));
    const share = () => shareTypedArray(reference.deref() as Float32Array, [1 << 20]);
    const shared = share();
    await collectGarbage();
    expect(reference.deref()).toBeDefined();
    expect(shared.sum().item()).toBe(5 * 2 ** 20);
    shared.dispose();
    await collectGarbage();
    expect(reference.deref()).toBeUndefined();
  });

  it('keeps the array alive for its views and for what autograd saved', async () => {
    const weight = ones([1 << 18], { requiresGrad: true });
    const product = tidy(() => {
      const shared = shareTypedArray(new Float32Array(1 << 18).fill(3), [1 << 18]);
      return shared.mul(weight).sum();
    });
    await collectGarbage();
    product.backward();
    expect(weight.grad?.sum().item()).toBe(3 * 2 ** 18);
  });

  it('may share one array twice', async () => {
    const array = Float32Array.of(1, 2);
    const [first, second] = [shareTypedArray(array, [2]), shareTypedArray(array, [2, 1])];
    first.add_(1);
    first.dispose();
    await collectGarbage();
    expect(second.toArray()).toEqual([2, 3]);
  });

  it('works on SharedArrayBuffer and inside a larger buffer', () => {
    const shared = new Float32Array(new SharedArrayBuffer(16));
    const inner = shared.subarray(1, 3);
    shareTypedArray(inner, [2]).fill_(4);
    expect(Array.from(shared)).toEqual([0, 4, 4, 0]);
    expect(fromTypedArray(inner, [2]).toArray()).toEqual([4, 4]);
  });

  it('holds its buffer back from transfer, which would take the memory away', () => {
    const array = Float32Array.of(1, 2);
    const shared = shareTypedArray(array, [2]);
    try {
      structuredClone(array.buffer, { transfer: [array.buffer] });
    } catch {
      // Node 21 and later throw; Node 20 copies instead.
    }
    expect(array.length).toBe(2);
    expect(shared.toArray()).toEqual([1, 2]);
  });
});

describe('a typed array that cannot be shared', () => {
  it('refuses a resizable buffer, and a detached one has no elements', () => {
    const Resizable = ArrayBuffer as unknown as new (
      length: number,
      options: object,
    ) => ArrayBuffer;
    const resizable = new Float32Array(new Resizable(8, { maxByteLength: 16 }));
    expect(() => shareTypedArray(resizable, [2])).toThrow(/resizable/);
    const detached = Float32Array.of(1, 2);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    expect(() => shareTypedArray(detached, [2])).toThrow(/needs 8 bytes, found 0/);
    expect(() => fromTypedArray(detached, [2])).toThrow(/needs 8 bytes, found 0/);
  });

  it('refuses what is no typed array and an array that names no dtype', () => {
    for (const value of [{ length: 2 }, [1, 2], null, new DataView(new ArrayBuffer(8))])
      expect(() => fromTypedArray(value as never, [2], { dtype: 'float32' })).toThrow(
        /not a typed array/,
      );
    expect(() => shareTypedArray(Uint16Array.of(1), [1])).toThrow(/Uint16Array names no dtype/);
    expect(() => fromTypedArray(Float32Array.of(1), [1], { dtype: 'float99' as never })).toThrow(
      /unknown dtype/,
    );
  });
});

describe("a tensor's memory as an array", () => {
  it('shares both ways, and twice', () => {
    const x = tensor([1, 2, 3]);
    const [first, second] = [x.shareMemory() as Float32Array, x.shareMemory() as Float32Array];
    first[0] = 9;
    expect([x.toArray(), Array.from(second)]).toEqual([
      [9, 2, 3],
      [9, 2, 3],
    ]);
    x.mul_(2);
    expect(Array.from(first)).toEqual([18, 4, 6]);
  });

  it('lives on after the tensor is disposed of, and frees it in the end', async () => {
    await collectGarbage();
    const before = liveTensors();
    const use = async () => {
      const x = ones([1 << 20]);
      const array = x.shareMemory() as Float32Array;
      const again = x.shareMemory() as Float32Array;
      x.dispose();
      await collectGarbage();
      expect(array.every((value) => value === 1)).toBe(true);
      array[7] = 3;
      expect(again[7]).toBe(3);
    };
    await use();
    await collectGarbage();
    expect(liveTensors()).toBe(before);
  });

  it('of a shared array is that array', async () => {
    const array = Float32Array.of(1, 2);
    const view = tidy(() => shareTypedArray(array, [2]).shareMemory()) as Float32Array;
    await collectGarbage();
    view[1] = 5;
    expect(Array.from(array)).toEqual([1, 5]);
  });

  it('starts where a view starts', () => {
    const rows = tensor([
      [1, 2],
      [3, 4],
    ]);
    const row = rows.select(0, 1).shareMemory() as Float32Array;
    row[0] = 8;
    expect(rows.toArray()).toEqual([1, 2, 8, 4]);
  });

  it('may be empty', () => {
    expect(zeros([0]).shareMemory().length).toBe(0);
    expect(zeros([0, 4]).shareMemory().length).toBe(0);
    collectNow();
  });

  it('refuses a view that is not contiguous, lazily negated values, and zeros without memory', () => {
    const matrix = ones([2, 3]);
    const negated = callTensor('aten::_neg_view', tensor([1, 2]));
    const nothing = callTensor('aten::_efficientzerotensor', [2], 6, null, 'cpu', false);
    for (const x of [matrix.transpose(0, 1), negated, nothing])
      expect(() => x.shareMemory()).toThrow(/only a contiguous CPU tensor/);
    expect(Array.from(negated.toTypedArray() as Float32Array)).toEqual([-1, -2]);
    expect(nothing.toArray()).toEqual([0, 0]);
    expect(Array.from(nothing.toTypedArray() as Float32Array)).toEqual([0, 0]);
  });
});
