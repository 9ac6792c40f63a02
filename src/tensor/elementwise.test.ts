import { describe, expect, it } from 'vitest';
import {
  assertSameShape,
  cat,
  composedRmsNorm,
  embedding,
  linear,
  maximum,
  minimum,
  ones,
  rmsNorm,
  stack,
  type Tensor,
  tensor,
  where,
  zeros,
} from './index.ts';

const wide = (values: number[]) => tensor(values, { dtype: 'float64' });
const points = [-2.5, -1, -0.3, 0.4, 1, 3];
const x = wide(points);

const functions: [string, (x: Tensor) => Tensor, (value: number) => number][] = [
  ['neg', (t) => t.neg(), (v) => -v],
  ['exp', (t) => t.exp(), Math.exp],
  ['expm1', (t) => t.expm1(), Math.expm1],
  ['log', (t) => t.abs().log(), (v) => Math.log(Math.abs(v))],
  ['log1p', (t) => t.abs().log1p(), (v) => Math.log1p(Math.abs(v))],
  ['sqrt', (t) => t.abs().sqrt(), (v) => Math.sqrt(Math.abs(v))],
  ['rsqrt', (t) => t.abs().rsqrt(), (v) => 1 / Math.sqrt(Math.abs(v))],
  ['square', (t) => t.square(), (v) => v * v],
  ['sign', (t) => t.sign(), Math.sign],
  ['sin', (t) => t.sin(), Math.sin],
  ['cos', (t) => t.cos(), Math.cos],
  ['tanh', (t) => t.tanh(), Math.tanh],
  ['sigmoid', (t) => t.sigmoid(), (v) => 1 / (1 + Math.exp(-v))],
  ['logSigmoid', (t) => t.logSigmoid(), (v) => -Math.log1p(Math.exp(-v))],
  ['silu', (t) => t.silu(), (v) => v / (1 + Math.exp(-v))],
  ['softplus', (t) => t.softplus(), (v) => Math.log1p(Math.exp(v))],
  ['relu', (t) => t.relu(), (v) => Math.max(v, 0)],
  ['floor', (t) => t.floor(), Math.floor],
  ['reciprocal', (t) => t.reciprocal(), (v) => 1 / v],
  ['clamp', (t) => t.clamp(-1, 0.5), (v) => Math.min(Math.max(v, -1), 0.5)],
  ['clamp from below', (t) => t.clamp(0), (v) => Math.max(v, 0)],
  ['clamp from above', (t) => t.clamp(-Infinity, 0), (v) => Math.min(v, 0)],
  ['clamp not at all', (t) => t.clamp(), (v) => v],
  ['pow of a number', (t) => t.pow(3), (v) => v ** 3],
  ['pow of a tensor', (t) => t.abs().pow(t), (v) => Math.abs(v) ** v],
  ['add', (t) => t.add(1.5), (v) => v + 1.5],
  ['sub', (t) => t.sub(t.mul(3)), (v) => v - 3 * v],
  ['div', (t) => t.div(-4), (v) => v / -4],
  ['remainder', (t) => t.remainder(2), (v) => ((v % 2) + 2) % 2],
  ['eq', (t) => t.eq(1), (v) => Number(v === 1)],
  ['ne', (t) => t.ne(1), (v) => Number(v !== 1)],
  ['less', (t) => t.less(1), (v) => Number(v < 1)],
  ['lessEqual', (t) => t.lessEqual(1), (v) => Number(v <= 1)],
  ['greater', (t) => t.greater(1), (v) => Number(v > 1)],
  ['greaterEqual', (t) => t.greaterEqual(1), (v) => Number(v >= 1)],
  ['logicalAnd', (t) => t.less(1).logicalAnd(t.greater(0)), (v) => Number(v > 0 && v < 1)],
  ['logicalOr', (t) => t.less(0).logicalOr(t.greater(1)), (v) => Number(v < 0 || v > 1)],
  ['logicalNot', (t) => t.less(0).logicalNot(), (v) => Number(v >= 0)],
  ['maskedFill', (t) => t.maskedFill(t.less(0), 9), (v) => (v < 0 ? 9 : v)],
  ['minimum', (t) => t.minimum(t.neg()), (v) => -Math.abs(v)],
  ['maximum', (t) => t.maximum(t.neg()), Math.abs],
  ['minimum of a number', (t) => minimum(t, 0.5), (v) => Math.min(v, 0.5)],
  ['maximum of a number', (t) => maximum(t, 0.5), (v) => Math.max(v, 0.5)],
  ['where', (t) => where(t.less(0), t, -1), (v) => (v < 0 ? v : -1)],
];

describe('element by element', () => {
  it.each(functions)('%s', (_name, ours, expected) => {
    expect(ours(x)).toBeAllClose(points.map(expected), { rtol: 1e-14, atol: 1e-16 });
  });

  it('finite, infinite and not a number', () => {
    const odd = wide([1, Infinity, NaN]);
    expect(odd.isFinite().toArray()).toEqual([1, 0, 0]);
    expect(odd.isNaN().toArray()).toEqual([0, 0, 1]);
  });

  it('a trailing underscore writes to the tensor and returns it', () => {
    const y = wide([1, 2]);
    expect(
      y
        .add_(1)
        .mul_(2)
        .sub_(wide([1, 1]))
        .div_(2),
    ).toBe(y);
    expect(y.toArray()).toEqual([1.5, 2.5]);
    expect(y.lerp_(wide([3.5, 0.5]), 0.5).toArray()).toEqual([2.5, 1.5]);
    expect(y.addcmul_(wide([2, 2]), wide([1, 3]), 0.5).toArray()).toEqual([3.5, 4.5]);
    expect(y.addcdiv_(wide([1, 1]), wide([2, 4]), 2).toArray()).toEqual([4.5, 5]);
    expect(y.copy_(tensor([7, 8], { dtype: 'int32' })).toArray()).toEqual([7, 8]);
    expect(y.fill_(3).zero_().toArray()).toEqual([0, 0]);
  });
});

describe('reductions', () => {
  const m = tensor(
    [
      [1, 2, 6],
      [3, 5, 4],
    ],
    { dtype: 'float64' },
  );

  it('over one axis, several, or all', () => {
    expect(m.sum().item()).toBe(21);
    expect(m.sum(0).toArray()).toEqual([4, 7, 10]);
    expect(m.sum([0, 1], { keepDim: true }).shape).toEqual([1, 1]);
    expect(m.mean(1).toArray()).toEqual([3, 4]);
    expect([m.max().item(), m.min().item()]).toEqual([6, 1]);
    expect([m.max(1).toArray(), m.min(0).toArray()]).toEqual([
      [6, 5],
      [1, 2, 4],
    ]);
    expect([m.argmax().item(), m.argmax(1).toArray()]).toEqual([2, [2, 1]]);
    // Row 1: deviations −2, −1, 3, squares 14; row 2: −1, 1, 0, squares 2.
    expect(m.std(1)).toBeAllClose([Math.sqrt(7), 1]);
    expect(m.std(1, { correction: 0 })).toBeAllClose([Math.sqrt(14 / 3), Math.sqrt(2 / 3)]);
    expect(m.cumsum(1).toArray()).toEqual([1, 3, 9, 3, 8, 12]);
    expect([m.less(7).all().item(), m.less(1).any().item()]).toEqual([1, 0]);
  });

  it('soft ones: log Σ eˣ and what divides by it', () => {
    const sums = [
      [1, 2, 6],
      [3, 5, 4],
    ].map((row) => row.reduce((sum, v) => sum + Math.exp(v), 0));
    expect(m.logsumexp(1)).toBeAllClose(sums.map(Math.log), { rtol: 1e-14 });
    expect(m.softmax(1).sum(1)).toBeAllClose([1, 1], { rtol: 1e-14 });
    expect(m.logSoftmax(1).select(1, 0)).toBeAllClose(
      [1 - Math.log(sums[0] as number), 3 - Math.log(sums[1] as number)],
      { rtol: 1e-14 },
    );
  });

  it('orders: the largest, and all', () => {
    const [values, indices] = m.topk(2);
    expect([values.toArray(), indices.toArray()]).toEqual([
      [6, 2, 5, 4],
      [2, 1, 1, 2],
    ]);
    const [sorted] = m.sort(1, { descending: true });
    expect(sorted.toArray()).toEqual([6, 2, 1, 5, 4, 3]);
  });
});

describe('shapes', () => {
  const m = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);

  it('pick, cut, turn and join', () => {
    expect(m.view([3, 2]).shape).toEqual([3, 2]);
    expect(m.transpose(0, 1).reshape([6]).toArray()).toEqual([1, 4, 2, 5, 3, 6]);
    expect(m.permute([1, 0]).contiguous().isContiguous).toBe(true);
    expect(m.narrow(1, 1, 2).toArray()).toEqual([2, 3, 5, 6]);
    expect(m.slice(1, 0, 1).squeeze(1).toArray()).toEqual([1, 4]);
    expect(m.select(0, -1).toArray()).toEqual([4, 5, 6]);
    expect(m.indexSelect(0, tensor([1, 1], { dtype: 'int64' })).toArray()).toEqual([
      4, 5, 6, 4, 5, 6,
    ]);
    expect(m.gather(1, tensor([[2], [0]], { dtype: 'int64' })).toArray()).toEqual([3, 4]);
    expect(m.repeatInterleave(2, 1).select(0, 0).toArray()).toEqual([1, 1, 2, 2, 3, 3]);
    expect(cat([m, m], 1).shape).toEqual([2, 6]);
    expect(stack([m, m]).shape).toEqual([2, 2, 3]);
    expect(m.clone().add_(1).sub(m).toArray()).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('unequal ones are refused by name', () => {
    assertSameShape('loss', { a: m, b: zeros([2, 3]) });
    expect(() => assertSameShape('loss', { a: m, b: ones([2, 1]) })).toThrow(
      'loss: shapes differ: a [2, 3], b [2, 1]',
    );
  });
});

describe('layers', () => {
  it('linear: x Wᵀ + b', () => {
    const weight = tensor([
      [1, 0],
      [0, 2],
      [1, 1],
    ]);
    expect(linear(tensor([[3, 4]]), weight, tensor([10, 20, 30])).toArray()).toEqual([13, 28, 37]);
    expect(linear(tensor([[3, 4]]), weight).toArray()).toEqual([3, 8, 7]);
  });

  it('embedding picks rows, and refuses an id beyond them', () => {
    const table = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(embedding(table, tensor([[1, 0]], { dtype: 'int64' })).toArray()).toEqual([3, 4, 1, 2]);
    expect(() => embedding(table, tensor([2], { dtype: 'int64' }))).toThrow(/^aten::embedding: /);
  });

  it('rmsNorm: x / √(mean(x²) + ε) · g, fused or composed', () => {
    const row = tensor([[3, 4]], { dtype: 'float64' });
    const gain = tensor([1, 10], { dtype: 'float64' });
    // mean(9, 16) + 0.5 = 13
    const expected = [[3 / Math.sqrt(13), 40 / Math.sqrt(13)]];
    expect(rmsNorm(row, gain, 0.5)).toBeAllClose(expected, { rtol: 1e-14 });
    expect(composedRmsNorm(row, gain, 0.5)).toBeAllClose(expected, { rtol: 1e-14 });
    const half = { dtype: 'bfloat16' } as const;
    expect(rmsNorm(row.to(half), gain.to(half), 0.5).dtype).toBe('bfloat16');
  });
});
