import { expect, test } from 'vitest';
import {
  callTensor,
  cat,
  composedRmsNorm,
  type DType,
  Generator,
  grad,
  noGrad,
  randn,
  rmsNorm,
  type Tensor,
} from '../tensor/index.ts';
import { composedAttention } from './attention.ts';
import { createCache } from './key-value-cache.ts';
import { type ModelConfig, parseModelConfig } from './model-config.ts';
import { rotate, rotationOf, rotationOfRange, splitRotated } from './rotary.ts';
import { buildWeights } from './weights.ts';

const generator = new Generator(3);

const random = (shape: readonly number[], dtype: DType = 'float32'): Tensor =>
  randn(shape, generator).to({ dtype });

function expectClose(found: Tensor, expected: Tensor, within = 2e-6): void {
  expect(found.shape).toEqual(expected.shape);
  const scale = Math.max(1, expected.abs().max().item());
  expect(found.sub(expected).abs().max().item() / scale).toBeLessThan(within);
}

/** Values, gradients and gradients of gradients of two functions of the same leaves. */
function expectSameFunction(
  inputs: readonly Tensor[],
  one: (...inputs: Tensor[]) => Tensor,
  other: (...inputs: Tensor[]) => Tensor,
): void {
  const leaves = inputs.map((input) => input.detach().requireGrad());
  const weight = random(other(...leaves).shape, inputs[0]!.dtype);
  const differentiate = (f: typeof one) => {
    const value = f(...leaves);
    const first = grad(value.mul(weight).sum(), leaves) as Tensor[];
    const again = grad(
      f(...leaves)
        .mul(weight)
        .sum(),
      leaves,
      { createGraph: true },
    ) as Tensor[];
    const penalty = cat(again.map((part) => part.square().reshape([-1]))).sum();
    return [value, ...first, ...again, ...(grad(penalty, leaves) as Tensor[])];
  };
  const expected = differentiate(other);
  for (const [i, found] of differentiate(one).entries()) expectClose(found, expected[i]!, 2e-5);
}

for (const dtype of ['float32', 'float64'] as const) {
  test.each([[[3, 5, 64]], [[7, 19]], [[2048, 40]], [[2, 1]]])(
    `rms_norm of %j in ${dtype} is the composed one, with its gradients`,
    (shape) => {
      const inputs = [random(shape, dtype), random([shape.at(-1)!], dtype)];
      expectSameFunction(
        inputs,
        (x, weight) => rmsNorm(x!, weight!, 1e-5),
        (x, weight) => composedRmsNorm(x!, weight!, 1e-5),
      );
    },
  );

  test.each([[[3, 5, 64]], [[2, 38]], [[700, 96]]])(
    `swiglu of %j in ${dtype} is silu(gate) times up, with its gradients`,
    (shape) => {
      const composed = (both: Tensor) => {
        const width = shape.at(-1)! / 2;
        return both
          .narrow(-1, 0, width)
          .silu()
          .mul(both.narrow(-1, width, width));
      };
      const fused = (both: Tensor) => callTensor('laurel::swiglu', both);
      expectSameFunction(
        [random(shape, dtype).mul(6)],
        (x) => fused(x!),
        (x) => composed(x!),
      );
    },
  );
}

test('swiglu of large gates neither overflows nor loses the sign', () => {
  const both = callTensor('aten::cat', [random([1, 4]).mul(0).add(-200), random([1, 4])], -1);
  expect(callTensor('laurel::swiglu', both).abs().max().item()).toBeLessThan(1e-30);
});

test('operators take inputs that are not contiguous', () => {
  const x = random([6, 4, 32]).transpose(0, 1);
  const weight = random([32]);
  expectClose(rmsNorm(x, weight, 1e-6), composedRmsNorm(x, weight, 1e-6));
  expectClose(
    callTensor('laurel::swiglu', x),
    x
      .narrow(-1, 0, 16)
      .silu()
      .mul(x.narrow(-1, 16, 16)),
  );
});

const configOf = (heads: number, keyHeads: number, headDim: number): ModelConfig =>
  parseModelConfig(
    {
      model_type: 'llama',
      vocab_size: 8,
      hidden_size: 32,
      intermediate_size: 32,
      num_hidden_layers: 1,
      num_attention_heads: heads,
      num_key_value_heads: keyHeads,
      head_dim: headDim,
      max_position_embeddings: 64,
    },
    'the test model',
  );

const cpu = { dtype: 'float32', device: 'cpu' } as const;

test.each([
  [4, 4, 64],
  [4, 2, 10],
  [6, 1, 16],
])(
  'split_heads of %d query and %d key heads, %d wide, rotates as `rotate` does, with its gradients',
  (heads, keyHeads, width) => {
    const config = configOf(heads, keyHeads, width);
    const [rows, count] = [3, 7];
    const positions = random([rows, count]).mul(9).abs().to({ dtype: 'int64' });
    const rotations = [rotationOfRange(config, 2, count, cpu), rotationOf(config, positions, cpu)];
    for (const rotation of rotations) {
      // Squared, so that the gradient has a gradient.
      const whole = ({ query, key, value }: Record<'query' | 'key' | 'value', Tensor>) =>
        cat([query, key, value], 2).square();
      const composed = (all: Tensor) =>
        whole({
          query: rotate(all.narrow(2, 0, heads), rotation, width),
          key: rotate(all.narrow(2, heads, keyHeads), rotation, width),
          value: all.narrow(2, heads + keyHeads, keyHeads),
        });
      expectSameFunction(
        [random([rows, count, heads + 2 * keyHeads, width])],
        (all) => whole(splitRotated(all!, rotation, heads, keyHeads)),
        (all) => composed(all!),
      );
    }
  },
);

test.each([
  [4, 4, 64],
  [4, 2, 80],
  [6, 1, 10],
])(
  'decode_attention of %d query and %d key heads, %d wide, is the composed attention',
  (heads, keyHeads, width) => {
    const config = configOf(heads, keyHeads, width);
    const weights = buildWeights(config, ({ shape }) => random(shape), { trainable: false });
    const rows = 5;
    const makeCache = () => createCache({ config, weights }, { rows, capacity: 40 });
    using fused = makeCache();
    using plain = makeCache();
    noGrad(() => {
      for (let length = 0; length < 37; length++) {
        const all = random([rows, 1, heads + 2 * keyHeads, width]);
        const rotation = rotationOfRange(config, length, 1, cpu);
        const bias = length % 2 === 0 ? random([rows, 1, length + 1]) : null;
        const { query, key, value } = splitRotated(all, rotation, heads, keyHeads);
        const seen = plain.append(0, key, value, 1);
        const expected = composedAttention({ query, ...seen }, { bias, isCausal: false }, config);
        expectClose(fused.attend(0, all, rotation, bias), expected);
        plain.advance(1);
        fused.advance(1);
      }
    });
  },
);

test('a hidden key counts nothing in decode_attention', () => {
  const config = configOf(2, 2, 16);
  const weights = buildWeights(config, ({ shape }) => random(shape), { trainable: false });
  using cache = createCache({ config, weights }, { rows: 1, capacity: 2 });
  const rotation = (at: number) => rotationOfRange(config, at, 1, cpu);
  noGrad(() => {
    cache.attend(0, random([1, 1, 6, 16]), rotation(0), null);
    cache.advance(1);
    const all = random([1, 1, 6, 16]);
    const hidden = cat([random([1, 1, 1]).mul(0).sub(1e30), random([1, 1, 1]).mul(0)], 2);
    const mixed = cache.attend(0, all, rotation(1), hidden);
    expectClose(mixed, all.narrow(2, 4, 2).reshape([1, 1, 32]));
  });
});

test('shapes that do not fit are refused', () => {
  const odd = random([2, 3]);
  expect(() => callTensor('laurel::swiglu', odd)).toThrow(/even last axis/);
  const all = random([2, 3, 5, 8]);
  const angles = random([3, 1, 8]);
  const split = () => callTensor('laurel::split_heads', all, angles, angles, 4, 2);
  expect(split).toThrow(/expected \[B, T, 4 \+ 2·2, D\]/);
  const cache = random([2, 1, 4, 8]);
  const decode = (length: number) =>
    callTensor(
      'laurel::decode_attention',
      ...[
        random([2, 1, 3, 8]),
        random([1, 1, 8]),
        random([1, 1, 8]),
        cache,
        cache,
        length,
        null,
        1,
      ],
    );
  expect(() => decode(4)).toThrow(/does not fit/);
  expect(decode(3).shape).toEqual([2, 1, 8]);
});
