import { dtypeBytes } from '../tensor/index.ts';
import { remembersScores } from './attention.ts';
import { knowsPrefixes, type Segments } from './attention-mask.ts';
import type { Model } from './weights.ts';

/**
 * Numbers that one decoder layer keeps per token for its backward pass: the inputs of norms and projections, rotated
 * heads, gate, up and their product; of attention, the logarithm of each query's sum, or its weights where those are
 * remembered.
 */
export function layerNumbersPerToken({ config, weights }: Model, length: number): number {
  const { hiddenSize, intermediateSize, numAttentionHeads, numKeyValueHeads, headDim } = config;
  const heads = (numAttentionHeads + numKeyValueHeads) * headDim;
  const ofAttention = numAttentionHeads * (remembersScores(weights.embedTokens) ? length : 1);
  return 4 * hiddenSize + 2 * heads + 3 * intermediateSize + ofAttention;
}

/** Above this, remembering what the layers of a micro-batch made costs more than computing them again. */
const MOST_REMEMBERED_BYTES = 2 ** 30;

/**
 * Whether the layers of a micro-batch [B, T] are computed again in the backward pass where nothing else is asked for:
 * by size alone, so that a run does not depend on its machine.
 */
export function recomputesLayers(
  model: Model,
  shape: readonly number[],
  segments?: Segments,
): boolean {
  const { weights, config } = model;
  // Attention that copies tokens remembers copies; counted as if everything else did too.
  const copies = knowsPrefixes(weights.embedTokens) ? undefined : segments?.copies;
  const [rows, length] = (copies?.sources.shape ?? shape) as [number, number];
  const tokens = rows * length * config.numHiddenLayers;
  const numbers = tokens * layerNumbersPerToken(model, length);
  return numbers * dtypeBytes(weights.embedTokens.dtype) > MOST_REMEMBERED_BYTES;
}
