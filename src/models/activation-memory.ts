import { dtypeBytes } from '../tensor/index.ts';
import type { ModelConfig } from './model-config.ts';
import type { Model } from './weights.ts';

/**
 * Numbers that one decoder layer keeps per token for its backward pass: the inputs of norms and projections, rotated
 * heads, attention weights, gate, up and their product.
 */
export function layerNumbersPerToken(config: ModelConfig, length: number): number {
  const { hiddenSize, intermediateSize, numAttentionHeads, numKeyValueHeads, headDim } = config;
  const heads = (numAttentionHeads + numKeyValueHeads) * headDim;
  return 4 * hiddenSize + 2 * heads + 3 * intermediateSize + numAttentionHeads * length;
}

/** Above this, remembering what the layers of a micro-batch made costs more than computing them again. */
const MOST_REMEMBERED_BYTES = 2 ** 30;

/**
 * Whether the layers of a micro-batch [B, T] are computed again in the backward pass where nothing else is asked for:
 * by size alone, so that a run does not depend on its machine.
 */
export function recomputesLayers({ config, weights }: Model, shape: readonly number[]): boolean {
  const [rows, length] = shape as [number, number];
  const numbers = rows * length * config.numHiddenLayers * layerNumbersPerToken(config, length);
  return numbers * dtypeBytes(weights.embedTokens.dtype) > MOST_REMEMBERED_BYTES;
}
