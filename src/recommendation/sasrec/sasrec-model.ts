import {
  type DType,
  full,
  Generator,
  keep,
  noGrad,
  randn,
  type Tensor,
  tidy,
} from '../../tensor/index.ts';
import type { SasrecConfig } from './sasrec-options.ts';

/** Weights by name, in the order they are drawn; `blocks.<n>.` before those of a block. */
export type SasrecWeights = ReadonlyMap<string, Tensor>;

/** A SASRec model: what it is and what it has learned. */
export interface SasrecModel {
  readonly config: SasrecConfig;
  readonly weights: SasrecWeights;
}

/** Gives the values of a weight. */
export type WeightSource = (name: string, shape: readonly number[]) => Tensor;

function blockShapes(index: number, width: number): [string, number[]][] {
  const [square, vector] = [[width, width], [width]];
  const shapes: [string, number[]][] = [
    ['attention_norm.weight', vector],
    ['attention_norm.bias', vector],
    ['query_key_value.weight', [3 * width, width]],
    ['query_key_value.bias', [3 * width]],
    ['output.weight', square],
    ['output.bias', vector],
    ['feed_forward_norm.weight', vector],
    ['feed_forward_norm.bias', vector],
    ['inner.weight', square],
    ['inner.bias', vector],
    ['outer.weight', square],
    ['outer.bias', vector],
  ];
  return shapes.map(([name, shape]) => [`blocks.${index}.${name}`, shape]);
}

/** Names and shapes of all weights. Items [V, C] are the output matrix too. */
export function sasrecShapes({
  numItems,
  hiddenSize: width,
  numLayers,
  maxLength,
}: SasrecConfig): Map<string, readonly number[]> {
  return new Map<string, readonly number[]>([
    ['items', [numItems, width]],
    ['positions', [maxLength, width]],
    ...Array.from({ length: numLayers }, (_, index) => blockShapes(index, width)).flat(),
    ['norm.weight', [width]],
    ['norm.bias', [width]],
  ]);
}

/** A model of the given weights, copied into memory of its own. */
export function buildSasrec(
  config: SasrecConfig,
  source: WeightSource,
  { trainable = true }: { readonly trainable?: boolean } = {},
): SasrecModel {
  const own = (name: string, shape: readonly number[]): Tensor =>
    noGrad(() => tidy(() => keep(source(name, shape).clone()))).requireGrad(trainable);
  const shapes = [...sasrecShapes(config)];
  return { config, weights: new Map(shapes.map(([name, shape]) => [name, own(name, shape)])) };
}

/** Standard deviation of fresh matrices, as RecBole's and transformers' models have it. */
const INITIAL_RANGE = 0.02;

/** A fresh model: matrices normal(0, 0.02²), weights of norms 1, biases 0. */
export function createSasrec(
  config: SasrecConfig,
  { seed, dtype = 'float32' }: { readonly seed: number; readonly dtype?: DType },
): SasrecModel {
  const generator = new Generator(seed);
  return buildSasrec(config, (name, shape) => {
    if (shape.length > 1) return randn(shape, generator).mul(INITIAL_RANGE).to({ dtype });
    return full(shape, name.endsWith('norm.weight') ? 1 : 0, { dtype });
  });
}

/** A weight that every model of its shape has. */
export const weightOf = ({ weights }: SasrecModel, name: string): Tensor =>
  weights.get(name) as Tensor;
