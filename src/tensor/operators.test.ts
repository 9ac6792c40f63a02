import { describe, expect, it } from 'vitest';
import {
  call,
  callTensor,
  callTensors,
  hasOperator,
  listOperators,
  ones,
  Tensor,
  tensor,
} from './index.ts';
import { native } from './native.ts';

/** What cannot cross the bridge, and why nobody misses it. */
const exceptions: { types: RegExp; reason: string }[] = [
  { types: /Storage$/, reason: 'a tensor reaches its storage' },
  { types: /Stream$/, reason: 'streams of an accelerator' },
  { types: /QScheme$/, reason: 'quantisation' },
  { types: /__torch__\.torch\.classes\./, reason: 'quantised modules' },
  { types: /Dict\(/, reason: 'gradients of distributed autograd' },
];

const aten = listOperators().filter(({ name }) => name.startsWith('aten::'));

describe('every registered aten:: schema', () => {
  it('is found by name and printed', () => {
    expect(aten.length).toBeGreaterThan(2500);
    for (const { name } of aten) {
      const [base, overload = ''] = name.split('.');
      const schema = native.schema(native.find(base as string, overload));
      expect(schema.startsWith(`${name}(`), schema).toBe(true);
    }
  });

  it('converts its arguments and results, at least 99 in 100 of them', () => {
    const refused = aten.filter(({ unconvertible }) => unconvertible !== '');
    const unexplained = refused.filter(
      ({ unconvertible }) => !exceptions.some(({ types }) => types.test(unconvertible)),
    );
    expect(unexplained).toEqual([]);
    expect(refused.length / aten.length).toBeLessThan(0.01);
  });
});

describe('a call that is right', () => {
  it('takes defaults for what is left out or undefined', () => {
    const [values] = callTensors('aten::sort', tensor([3, 1, 2]), undefined, true);
    expect(values?.toArray()).toEqual([3, 2, 1]);
    expect(call('aten::add.Tensor', tensor([1]), tensor([2]), undefined)).toBeInstanceOf(Tensor);
  });

  it('takes one number for `int[2]`, meaning both', () => {
    const image = ones([1, 1, 4, 4]);
    const pooled = callTensor('aten::avg_pool2d', image, 2);
    expect(pooled.shape).toEqual([1, 1, 2, 2]);
    expect(callTensor('aten::avg_pool2d', image, [2]).shape).toEqual([1, 1, 2, 2]);
  });

  it('keeps whole numbers whole and fractions fractional', () => {
    const whole = tensor([1, 2], { dtype: 'int64' });
    expect(whole.mul(3).dtype).toBe('int64');
    expect(whole.mul(0.5).dtype).toBe('float32');
    expect(tensor([1, 2]).mul(3).dtype).toBe('float32');
  });

  it('returns numbers, booleans, lists of tensors and null', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(call('aten::size.int', x, 1)).toBe(2);
    expect(call('aten::is_floating_point', x)).toBe(true);
    expect(call('aten::equal', x, x)).toBe(true);
    expect(call('aten::_local_scalar_dense', tensor([2.5]))).toBe(2.5);
    expect((call('aten::unbind.int', x, 1) as Tensor[]).map((row) => row.toArray())).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it('passes optional elements, such as the free axes of an index', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const columns = tensor([2, 0], { dtype: 'int64' });
    expect(callTensor('aten::index.Tensor', x, [null, columns]).toArray()).toEqual([3, 1, 6, 4]);
  });

  it('passes strings', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(callTensor('aten::einsum', 'ij->j', [x]).toArray()).toEqual([4, 6]);
  });

  it('says which operators there are', () => {
    expect(hasOperator('aten::add.Tensor')).toBe(true);
    expect(hasOperator('aten::add.Nothing')).toBe(false);
    expect(hasOperator('nothing')).toBe(false);
  });
});
