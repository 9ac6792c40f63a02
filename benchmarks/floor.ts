// What a step cannot avoid: its matrix products, and for decoding the bytes of its cache.
import type { Shape } from './shapes.ts';

const BYTES = 4;

/** One matrix product of a step, [m, k] × [k, n], made `count` times with as many right-hand sides. */
export interface Product {
  readonly label: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Products of a batch; 1 is a plain product. */
  readonly batch: number;
  readonly count: number;
  /** The left side is stored as [k, m]. */
  readonly transposeLeft: boolean;
  /** The right side is stored as [n, k]. */
  readonly transposeRight: boolean;
  /** Share of the product that the step needs: causal attention needs little more than half. */
  readonly share: number;
}

const product = (
  label: string,
  size: [number, number, number],
  rest: Partial<Product>,
): Product => {
  const [m, n, k] = size;
  const plain = { batch: 1, count: 1, transposeLeft: false, transposeRight: false, share: 1 };
  return { label, m, n, k, ...plain, ...rest };
};

interface Projection {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** The weight matrices that every token meets. */
function projections({ width, inner, layers, vocabulary }: Shape): Projection[] {
  return [
    { name: 'query, key, value', from: width, to: 3 * width, count: layers },
    { name: 'attention output', from: width, to: width, count: layers },
    { name: 'gate, up', from: width, to: 2 * inner, count: layers },
    { name: 'down', from: inner, to: width, count: layers },
    { name: 'head', from: width, to: vocabulary, count: 1 },
  ];
}

/** y = x Wᵀ of some tokens, as decoding does it. */
const forward = (tokens: number, { name, from, to, count }: Projection): Product =>
  product(name, [tokens, to, from], { count, transposeRight: true });

/** dx = dy W and dW = dyᵀ x. */
const backward = (tokens: number, { name, from, to, count }: Projection): Product[] => [
  product(`${name}, input gradient`, [tokens, from, to], { count }),
  product(`${name}, weight gradient`, [to, from, tokens], { count, transposeLeft: true }),
];

/** Causal attention forward, q kᵀ and p v, and backward, dp = do vᵀ, dv = pᵀ do, dq = ds k, dk = dsᵀ q. */
function attentionProducts(shape: Shape): Product[] {
  const { trainTokens: tokens, width, heads, layers, trainRows } = shape;
  const head = width / heads;
  const share = (tokens + 1) / (2 * tokens);
  const common = { batch: trainRows * heads, share };
  return [
    product('attention scores', [tokens, tokens, head], {
      ...common,
      count: 2 * layers,
      transposeRight: true,
    }),
    product('attention mixing', [tokens, head, tokens], { ...common, count: 2 * layers }),
    product('attention transposed', [tokens, head, tokens], {
      ...common,
      count: 2 * layers,
      transposeLeft: true,
    }),
  ];
}

/** Every matrix product of a training step: forward, both backward products, attention. */
export function trainingProducts(shape: Shape): Product[] {
  const tokens = shape.trainRows * shape.trainTokens;
  const linear = projections(shape).flatMap((projection) => [
    forward(tokens, projection),
    ...backward(tokens, projection),
  ]);
  return [...linear, ...attentionProducts(shape)];
}

/** Every matrix product of one decode step; attention over the cache counts as traffic. */
export const decodeProducts = (shape: Shape, rows: number): Product[] =>
  projections(shape).map((projection) => forward(rows, projection));

/** Floating-point operations of products, what masks leave out not counted. */
export const operations = (products: readonly Product[]): number =>
  products.reduce(
    (sum, { m, n, k, batch, count, share }) => sum + 2 * m * n * k * batch * count * share,
    0,
  );

/** Bytes of keys and values that a decode step reads with `length` tokens in the cache. */
export const cacheBytes = ({ width, layers }: Shape, rows: number, length: number): number =>
  rows * layers * 2 * width * length * BYTES;

/** Seconds of products on their own, from seconds per call of each and of an empty call. */
export function productSeconds(
  products: readonly Product[],
  perCall: readonly number[],
  emptyCall: number,
): number {
  return products.reduce(
    (sum, { count, share }, index) =>
      sum + count * share * Math.max(0, perCall[index]! - emptyCall),
    0,
  );
}
