import { expect, test } from 'vitest';
import {
  configOf,
  expectClose,
  expectSameFunction,
  random,
} from '../../test/support/operator-checks.ts';
import { arange, callTensor, type DType, type Tensor, tensor } from '../tensor/index.ts';
import { causalAttention, composedAttention } from './attention.ts';

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

/** A row of pieces: their lengths, and where one continues another. */
type Piece = readonly [length: number, prefix?: number];

/** For each place, where its piece starts and what it sees before that. */
function placesOf(pieces: readonly Piece[]): { starts: number[]; prefixes: [number, number][] } {
  const edges = [0];
  for (const [length] of pieces) edges.push(edges.at(-1)! + length);
  const starts = pieces.flatMap(([length], i) => Array<number>(length).fill(edges[i]!));
  const prefixes = pieces.flatMap(([length, prefix]) =>
    Array.from({ length }, (): [number, number] =>
      prefix === undefined ? [0, 0] : [edges[prefix]!, edges[prefix + 1]!],
    ),
  );
  return { starts, prefixes };
}

/** Visible to each query: its own piece up to itself, and the piece before it. [1, T, T] */
function prefixBias(pieces: readonly Piece[], dtype: DType): Tensor {
  const { starts, prefixes } = placesOf(pieces);
  const visible = (query: number, key: number): boolean => {
    const [begin, end] = prefixes[query]!;
    return (key >= starts[query]! && key <= query) || (key >= begin && key < end);
  };
  const hidden = starts.map((_, query) =>
    starts.map((_, key) => (visible(query, key) ? 0 : -1e30)),
  );
  return tensor(hidden, { dtype }).unsqueeze(0);
}

for (const dtype of ['float32', 'float64'] as const) {
  test.each<[string, Piece[]]>([
    ['a prompt and three completions', [[5], [3, 0], [1, 0], [6, 0]]],
    [
      'a prompt longer than a block of queries, far from its last completion',
      [[70], [60, 0], [90, 0]],
    ],
    [
      'two families and a text of its own',
      [[50], [40, 0], [9, 0], [33], [20], [4, 4], [4, 4], [61, 4]],
    ],
    ['completions of one token', [[100], ...Array.from({ length: 40 }, (): Piece => [1, 0])]],
  ])(
    `causal_attention of %s, in ${dtype}, sees the prompt from every completion, with its gradients`,
    (_, pieces) => {
      const config = configOf(4, 2, 10);
      const { starts, prefixes } = placesOf(pieces);
      const count = starts.length;
      const inputs = [4, 2, 2].map((n) => random([1, count, n, 10], dtype));
      const split = ([query, key, value]: readonly Tensor[]) => ({
        query: query!,
        key: key!.transpose(1, 2),
        value: value!.transpose(1, 2),
      });
      const visibility = {
        starts: tensor([starts], { dtype: 'int64' }),
        prefixes: tensor([prefixes], { dtype: 'int64' }),
      };
      const bias = prefixBias(pieces, dtype);
      expectSameFunction(
        inputs,
        (...leaves) => causalAttention(split(leaves), visibility, config),
        (...leaves) => composedAttention(split(leaves), { bias, isCausal: false }, config),
      );
    },
  );
}

test("causal_attention refuses prefixes that do not stand before the token's sequence", () => {
  const heads = [0, 1, 2].map(() => random([1, 2, 3, 4]));
  const attendTo = (prefixes: [number, number][], starts: number[] | null = [0, 1, 1]) =>
    callTensor(
      'laurel::causal_attention',
      ...heads,
      starts && tensor([starts], { dtype: 'int64' }),
      tensor([prefixes], { dtype: 'int64' }),
      1,
    );
  const none: [number, number] = [0, 0];
  expect(attendTo([none, [0, 1], [0, 1]]).shape).toEqual([1, 3, 8]);
  expect(() => attendTo([none, [0, 2], [0, 1]])).toThrow(/token 1, which starts at 1/);
  expect(() => attendTo([none, [1, 0], [0, 1]])).toThrow(/cannot see 1 to 0/);
  expect(() => attendTo([none, [-1, 0], [0, 1]])).toThrow(/cannot see -1 to 0/);
  expect(() => attendTo([none, [0, 1], [0, 1]], null)).toThrow(/prefixes need starts/);
  expect(() => attendTo([none, none])).toThrow(/prefixes \[B, T, 2\]/);
});

test('causal_attention refuses starts after the token itself', () => {
  const heads = [0, 1, 2].map(() => random([1, 2, 3, 4]));
  const attendTo = (starts: number[]) =>
    callTensor('laurel::causal_attention', ...heads, tensor([starts], { dtype: 'int64' }), null, 1);
  expect(() => attendTo([0, 2, 0])).toThrow(/token 1 cannot start at 2/);
  expect(() => attendTo([0, -1, 0])).toThrow(/cannot start at -1/);
});
