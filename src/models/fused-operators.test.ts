import { expect, test } from 'vitest';
import {
  arange,
  callTensor,
  callTensors,
  cat,
  composedRmsNorm,
  type DType,
  Generator,
  grad,
  linear,
  noGrad,
  randn,
  rmsNorm,
  type Tensor,
  tensor,
} from '../tensor/index.ts';
import { causalAttention, composedAttention } from './attention.ts';
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

interface DecodeSetting {
  readonly heads: number;
  readonly keyHeads: number;
  readonly width: number;
}

/** `laurel::decode_attention` over a cache of two tensors, and the composed attention of the same. */
function decodeBothWays(setting: DecodeSetting, rows: number, capacity: number) {
  const { heads, keyHeads, width } = setting;
  const config = configOf(heads, keyHeads, width);
  const weights = buildWeights(config, ({ shape }) => random(shape), { trainable: false });
  const plain = createCache({ config, weights }, { rows, capacity });
  const fused = [0, 1].map(() => random([rows, keyHeads, capacity, width]));
  const norms = [random([width]), random([width])] as const;
  return (length: number, all: Tensor, starts: Tensor | null, hasNorms: boolean) => {
    const rotation = rotationOfRange(config, length, 1, cpu);
    const [queryNorm, keyNorm] = hasNorms ? norms : [null, null];
    const found = callTensor(
      'laurel::decode_attention',
      ...[all, rotation.cos, rotation.signedSin, ...fused, length, starts],
      ...[queryNorm, keyNorm, 1e-6, width ** -0.5],
    );
    const part = (start: number, count: number, norm: Tensor | null) => {
      const heads = all.narrow(2, start, count);
      return norm === null ? heads : composedRmsNorm(heads, norm, 1e-6);
    };
    const query = rotate(part(0, heads, queryNorm), rotation, width);
    const key = rotate(part(heads, keyHeads, keyNorm), rotation, width);
    const seen = plain.append(0, key, part(heads + keyHeads, keyHeads, null), 1);
    const places = arange(0, length + 1).view([1, 1, length + 1]);
    const bias =
      starts &&
      places
        .less(starts.view([rows, 1, 1]))
        .to({ dtype: 'float32' })
        .mul(-1e30);
    const expected = composedAttention({ query, ...seen }, { bias, isCausal: false }, config);
    plain.advance(1);
    return { found, expected };
  };
}

test.each([
  [4, 4, 64],
  [4, 2, 80],
  [6, 1, 10],
])(
  'decode_attention of %d query and %d key heads, %d wide, is the composed attention, with padding and head norms',
  (heads, keyHeads, width) => {
    for (const hasNorms of [false, true]) {
      const decode = decodeBothWays({ heads, keyHeads, width }, 5, 40);
      noGrad(() => {
        for (let length = 0; length < 37; length++) {
          const all = random([5, 1, heads + 2 * keyHeads, width]);
          const padding = Array.from({ length: 5 }, (_, row) => Math.min(row, length));
          const starts = length % 2 === 0 ? tensor(padding, { dtype: 'int64' }) : null;
          const { found, expected } = decode(length, all, starts, hasNorms);
          expectClose(found, expected);
        }
      });
    }
  },
);

test.each([
  [1, 768, 256],
  [7, 77, 131],
  [8, 256, 704],
  [33, 48, 16],
  [130, 100, 1],
])(
  'packed_linear of %d rows to %d features from %d is linear, with bias and residual',
  (rows, features, depth) => {
    const [x, weight] = [random([rows, depth]), random([features, depth])];
    const [bias, residual] = [random([features]), random([rows, features])];
    const [packed] = callTensors('laurel::pack_linears', [weight]);
    const project = (input: Tensor, b: Tensor | null, r: Tensor | null) =>
      callTensor('laurel::packed_linear', input, packed, features, b, r);
    const exact = (tensor: Tensor) => tensor.to({ dtype: 'float64' });
    const product = exact(x).matmul(exact(weight).transpose(0, 1));
    expectClose(exact(project(x, null, null)), product, 1e-5);
    expectClose(
      exact(project(x, bias, residual)),
      product.add(exact(bias)).add(exact(residual)),
      1e-5,
    );
    // A row has the same bits alone and in company.
    const last = rows - 1;
    const alone = project(x.narrow(0, last, 1), bias, residual.narrow(0, last, 1));
    expect(alone.toArray()).toEqual(project(x, bias, residual).narrow(0, last, 1).toArray());
  },
);

test('packed_linear refuses a matrix of another shape', () => {
  const [packed] = callTensors('laurel::pack_linears', [random([20, 8])]);
  const project = (depth: number, features: number) => () =>
    callTensor('laurel::packed_linear', random([2, depth]), packed, features, null, null);
  expect(project(9, 20)).toThrow(/does not turn/);
  expect(project(8, 40)).toThrow(/does not turn/);
  expect(() => callTensors('laurel::pack_linears', [random([4, 4], 'float64')])).toThrow(
    /float32 matrices/,
  );
});

/** Visible to each query: its own sequence's tokens up to itself. [B, 1, T, T] */
function causalBias(starts: Tensor, count: number, dtype: DType): Tensor {
  const place = arange(0, count);
  const later = place.view([1, 1, count]).greater(place.view([1, count, 1]));
  const foreign = place.view([1, 1, count]).less(starts.unsqueeze(2));
  return later.logicalOr(foreign).to({ dtype }).mul(-1e30);
}

const startsOf = (rows: number, count: number, every: number): Tensor =>
  tensor(
    Array.from({ length: rows * count }, (_, i) => Math.floor((i % count) / every) * every),
    { dtype: 'int64' },
  ).view([rows, count]);

for (const dtype of ['float32', 'float64'] as const) {
  test.each([
    [2, 2, 1, 2],
    [4, 2, 33, 10],
    [4, 4, 70, 64],
    [6, 1, 128, 16],
    [2, 2, 100, 100],
  ])(
    `causal_attention of %d query and %d key heads, %d tokens, %d wide, in ${dtype} is the composed one, with its gradients`,
    (heads, keyHeads, count, width) => {
      const config = configOf(heads, keyHeads, width);
      for (const every of [count, 1 + Math.floor(count / 3)]) {
        const starts = startsOf(2, count, every);
        const inputs = [heads, keyHeads, keyHeads].map((n) => random([2, count, n, width], dtype));
        const split = ([query, key, value]: readonly Tensor[]) => ({
          query: query!,
          key: key!.transpose(1, 2),
          value: value!.transpose(1, 2),
        });
        const bias = causalBias(starts, count, dtype);
        expectSameFunction(
          inputs,
          (...leaves) =>
            causalAttention(
              split(leaves),
              { starts: every === count ? undefined : starts },
              config,
            ),
          (...leaves) => composedAttention(split(leaves), { bias, isCausal: false }, config),
        );
      }
    },
  );
}

test('a sequence in a row has the bits it has alone in causal_attention', () => {
  const config = configOf(2, 2, 16);
  const [query, key, value] = [0, 1, 2].map(() => random([1, 2, 40, 16]));
  const attendTo = (start: number, count: number, starts?: Tensor) => {
    const at = (x: Tensor) => x.narrow(2, start, count);
    const inputs = { query: at(query!).transpose(1, 2), key: at(key!), value: at(value!) };
    return causalAttention(inputs, { starts }, config);
  };
  const together = attendTo(0, 40, startsOf(1, 40, 20));
  expectClose(together.narrow(1, 20, 20), attendTo(20, 20), 1e-6);
  expectClose(together.narrow(1, 0, 20), attendTo(0, 20), 1e-6);
});

test('causal_attention refuses starts after the token itself', () => {
  const heads = [0, 1, 2].map(() => random([1, 2, 3, 4]));
  const attendTo = (starts: number[]) =>
    callTensor('laurel::causal_attention', ...heads, tensor([starts], { dtype: 'int64' }), 1);
  expect(() => attendTo([0, 2, 0])).toThrow(/token 1 cannot start at 2/);
  expect(() => attendTo([0, -1, 0])).toThrow(/cannot start at -1/);
});

for (const dtype of ['float32', 'float64'] as const) {
  test.each([
    [[3, 7, 20], 12],
    [[64, 48], 33],
    [[2, 5], 4],
    [[1, 16, 1], 1],
  ])(
    `linear of %j to %d features in ${dtype} is libtorch's, with its gradients`,
    (shape, features) => {
      const inputs = [shape, [features, shape.at(-1)!], [features]].map((size) =>
        random(size, dtype),
      );
      expectSameFunction(
        inputs,
        // Squared, so that the gradient has a gradient.
        (x, weight, bias) => linear(x!, weight!, bias).square(),
        (x, weight, bias) => callTensor('aten::linear', x!, weight!, bias!).square(),
      );
    },
  );
}

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
        ...[null, null, null, 1e-6, 1],
      ],
    );
  expect(() => decode(4)).toThrow(/does not fit/);
  expect(decode(3).shape).toEqual([2, 1, 8]);
});
