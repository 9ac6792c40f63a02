import { expect, test } from 'vitest';
import {
  configOf,
  expectClose,
  expectSameFunction,
  random,
} from '../../test/support/operator-checks.ts';
import {
  arange,
  callTensor,
  callTensors,
  cat,
  composedRmsNorm,
  linear,
  noGrad,
  rmsNorm,
  setThreadCount,
  type Tensor,
  tensor,
  threadCount,
  tokenTensor,
} from '../tensor/index.ts';
import { composedAttention } from './attention.ts';
import { createCache } from './key-value-cache.ts';
import { rotate, rotationOf, rotationOfRange, splitRotated } from './rotary.ts';
import { buildWeights } from './weights.ts';

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

// 3 blocks of 40 rows; a vocabulary that fills its last panel in part; one row; more tokens than a part of the depth.
test.each([
  [97, 12_101, 64],
  [3, 5, 8],
  [1, 50, 3],
  [70, 1100, 24],
])(
  'mean_cross_entropy of %d targets among %d, %d wide, is the composed one, with its gradients',
  (rows, vocabulary, width) => {
    const targets = tokenTensor(
      Array.from({ length: rows }, (_, n) => (n * 7919) % vocabulary),
      [rows],
    );
    const composed = (states: Tensor, head: Tensor) =>
      linear(states, head).logSoftmax(-1).gather(1, targets.unsqueeze(1)).mean().neg();
    for (const dtype of ['float32', 'float64'] as const)
      expectSameFunction(
        [random([rows, width], dtype), random([vocabulary, width], dtype)],
        (states, head) => callTensor('laurel::mean_cross_entropy', states!, head!, targets),
        (states, head) => composed(states!, head!),
      );
  },
);

const ids = (values: readonly number[]) => tokenTensor(values, [values.length]);

// As tied embeddings are: the states are made of the head.
test.each([
  [
    'mean_cross_entropy',
    (states: Tensor, head: Tensor, targets: Tensor) =>
      callTensor('laurel::mean_cross_entropy', states, head, targets),
  ],
  [
    'kept_logprobs',
    (states: Tensor, head: Tensor, targets: Tensor) => {
      const all = tokenTensor(
        Array.from({ length: 5 * 9 }, (_, n) => n % 9),
        [5, 9],
      );
      const [logprobs] = callTensors('laurel::kept_logprobs', states, head, targets, all, 1);
      return logprobs!.mean().neg();
    },
  ],
])('%s has gradients of gradients where the states are made of the head', (_, lossOf) => {
  const [from, to] = [ids([0, 3, 3, 1, 8]), ids([3, 8, 1, 0, 2])];
  const composed = (states: Tensor, head: Tensor) =>
    linear(states, head).logSoftmax(-1).gather(1, to.unsqueeze(1)).mean().neg();
  expectSameFunction(
    [random([9, 6])],
    (head) => lossOf(head!.indexSelect(0, from), head!, to),
    (head) => composed(head!.indexSelect(0, from), head!),
  );
});

test('mean_cross_entropy has the same bits on any number of threads', () => {
  const [states, head] = [random([150, 24]), random([3001, 24])];
  const targets = ids(Array.from({ length: 150 }, (_, n) => n * 20));
  const before = threadCount();
  const differentiate = (threads: number): number[][] => {
    setThreadCount(threads);
    const leaves = [states, head].map((input) => input.detach().requireGrad());
    const loss = callTensor('laurel::mean_cross_entropy', leaves[0]!, leaves[1]!, targets);
    loss.backward();
    return [loss, ...leaves.map((leaf) => leaf.grad as Tensor)].map((found) => found.toArray());
  };
  try {
    const alone = differentiate(1);
    for (const threads of [2, 3, 5]) expect(differentiate(threads)).toEqual(alone);
  } finally {
    setThreadCount(before);
  }
});

test('mean_cross_entropy refuses targets that are no tokens', () => {
  const loss = (target: number) =>
    callTensor(
      'laurel::mean_cross_entropy',
      random([1, 4]),
      random([3, 4]),
      tokenTensor([target], [1]),
    );
  expect(() => loss(3)).toThrow(/targets below 3/);
  expect(() => loss(-1)).toThrow(/targets below 3/);
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
  expect(() => decode(4)).toThrow(/does not hold/);
  expect(decode(3).shape).toEqual([2, 1, 8]);
});
