import { callTensor, hasOperator, type Tensor } from '../tensor/index.ts';
import type { Copies, Visibility } from './attention-mask.ts';
import type { ModelConfig } from './model-config.ts';

/** Queries, and the keys and values they meet. */
export interface AttentionInputs {
  /** [B, T, H, D] */
  readonly query: Tensor;
  /** [B, K, S, D] */
  readonly key: Tensor;
  /** [B, K, S, D] */
  readonly value: Tensor;
}

/** Asked when it matters: asking loads the engine. */
const isFused = (): boolean => hasOperator('aten::scaled_dot_product_attention');

/** Whether causal attention remembers its weights [B, H, T, T] for the backward pass. */
export const remembersScores = ({ dtype, device }: Pick<Tensor, 'dtype' | 'device'>): boolean =>
  device === 'cpu' ? dtype !== 'float32' : !isFused();

/**
 * Attention in which H / K query heads share each key-value head.
 *   softmax(q kᵀ / √D + bias) v
 * Vaswani et al. 2017, arXiv:1706.03762v7, Eq. 1; Ainslie et al. 2023, arXiv:2305.13245v3.
 * @returns [B, T, H·D]
 */
export function attention(
  inputs: AttentionInputs,
  visibility: Visibility,
  config: ModelConfig,
): Tensor {
  if (visibility.copies !== undefined) return copiedAttention(inputs, visibility.copies, config);
  const usesLibtorch = inputs.query.device !== 'cpu' && isFused();
  if (visibility.isCausal && !usesLibtorch) return causalAttention(inputs, visibility, config);
  return isFused()
    ? fusedAttention(inputs, visibility, config)
    : composedAttention(inputs, visibility, config);
}

/** `attention` of texts in rows of their own, whose tokens stand elsewhere: gradients add up where they were copied. */
function copiedAttention(
  { query, key, value }: AttentionInputs,
  { sources, places }: Copies,
  config: ModelConfig,
): Tensor {
  const from = sources.reshape([-1]);
  /** [B, T, heads, D] → [S, L, heads, D] */
  const copy = (x: Tensor) =>
    x
      .reshape([-1, x.shape[2]!, x.shape[3]!])
      .indexSelect(0, from)
      .view([...sources.shape, x.shape[2]!, x.shape[3]!]);
  const [keys, values] = [key, value].map((x) => copy(x.transpose(1, 2)).transpose(1, 2));
  const copied = { query: copy(query), key: keys!, value: values! };
  const mixed = attention(copied, { bias: null, isCausal: true }, config);
  const width = mixed.shape[2]!;
  return mixed
    .reshape([-1, width])
    .indexSelect(0, places.reshape([-1]))
    .view([...places.shape, width]);
}

/** `attention` to the tokens up to each one, by an operator that holds no scores. */
export function causalAttention(
  { query, key, value }: AttentionInputs,
  { starts, prefixes }: Pick<Visibility, 'starts' | 'prefixes'>,
  { headDim }: ModelConfig,
): Tensor {
  const scale = headDim ** -0.5;
  const heads = [query.transpose(1, 2), key, value] as const;
  return callTensor('laurel::causal_attention', ...heads, starts ?? null, prefixes ?? null, scale);
}

interface Sizes {
  rows: number;
  queries: number;
  heads: number;
  keyHeads: number;
  /** H / K */
  group: number;
  keys: number;
  width: number;
}

function sizesOf({ query, key }: AttentionInputs, config: ModelConfig): Sizes {
  const { numAttentionHeads: heads, numKeyValueHeads: keyHeads, headDim: width } = config;
  const [rows, queries] = query.shape as [number, number];
  return { rows, queries, heads, keyHeads, group: heads / keyHeads, keys: key.shape[2]!, width };
}

/** Queries of a group side by side, so that keys are never repeated. [B, T, H, D] → [B·K, G·T, D] */
function groupQueries(query: Tensor, sizes: Sizes): Tensor {
  const { rows, queries, keyHeads, group, width } = sizes;
  const folded = [rows * keyHeads, group * queries, width];
  if (queries === 1) return query.reshape(folded);
  if (group === 1) return query.transpose(1, 2).reshape(folded);
  return query
    .view([rows, queries, keyHeads, group, width])
    .permute([0, 2, 3, 1, 4])
    .reshape(folded);
}

/** [B·K, G·T, D] → [B, T, H·D] */
function ungroup(mixed: Tensor, sizes: Sizes): Tensor {
  const { rows, queries, heads, keyHeads, group, width } = sizes;
  const flat = [rows, queries, heads * width];
  if (queries === 1) return mixed.view(flat);
  if (group === 1) return mixed.view([rows, heads, queries, width]).transpose(1, 2).reshape(flat);
  return mixed.view([rows, keyHeads, group, queries, width]).permute([0, 3, 1, 2, 4]).reshape(flat);
}

/** The bias in the shape of grouped scores, [1 or B·K, 1 or G·T, S]; broadcasting where it can. */
function groupBias(bias: Tensor, { rows, queries, keyHeads, group, keys }: Sizes): Tensor {
  const perRow = bias.rank === 3;
  if (!perRow && group === 1) return bias;
  const wide = perRow
    ? bias.view([rows, 1, 1, queries, keys])
    : bias.view([1, 1, 1, queries, keys]);
  if (queries === 1) {
    return wide.expand([-1, keyHeads, -1, -1, -1]).reshape([rows * keyHeads, 1, keys]);
  }
  return perRow
    ? wide.expand([-1, keyHeads, group, -1, -1]).reshape([rows * keyHeads, group * queries, keys])
    : wide.expand([-1, -1, group, -1, -1]).reshape([1, group * queries, keys]);
}

const groupedBiases = new WeakMap<Visibility, Tensor>();

/** Folded once per forward pass: every layer has the same. */
function groupedBias(visibility: Visibility, sizes: Sizes): Tensor | null {
  if (visibility.bias === null) return null;
  const known = groupedBiases.get(visibility);
  if (known) return known;
  const made = groupBias(visibility.bias, sizes);
  groupedBiases.set(visibility, made);
  return made;
}

/** `attention` from elementary operators. */
export function composedAttention(
  inputs: AttentionInputs,
  visibility: Visibility,
  config: ModelConfig,
): Tensor {
  const sizes = sizesOf(inputs, config);
  const { rows, keyHeads, keys, width } = sizes;
  const folded = [rows * keyHeads, keys, width];
  const query = groupQueries(inputs.query, sizes);
  const key = inputs.key.reshape(folded).transpose(1, 2);
  const value = inputs.value.reshape(folded);
  const bias = groupedBias(visibility, sizes);
  const scale = width ** -0.5;
  const scores =
    bias === null
      ? callTensor('aten::bmm', query.mul(scale), key)
      : callTensor('aten::baddbmm', bias, query, key, 1, scale);
  return ungroup(callTensor('aten::bmm', softmax(scores), value), sizes);
}

/** Softmax over keys, in float32 for half precision as transformers does. */
function softmax(scores: Tensor): Tensor {
  const { dtype } = scores;
  if (dtype === 'float32' || dtype === 'float64') return scores.softmax(-1);
  return scores.to({ dtype: 'float32' }).softmax(-1).to({ dtype });
}

/** [B, K, S, D] → [B, H, S, D] */
function repeatHeads(x: Tensor, { rows, heads, keyHeads, group, keys, width }: Sizes): Tensor {
  if (group === 1) return x;
  return x
    .unsqueeze(2)
    .expand([rows, keyHeads, group, keys, width])
    .reshape([rows, heads, keys, width]);
}

/** `attention` by libtorch 2.x's own kernel. */
export function fusedAttention(
  inputs: AttentionInputs,
  { bias, isCausal }: Visibility,
  config: ModelConfig,
): Tensor {
  const sizes = sizesOf(inputs, config);
  const { rows, queries, heads, keyHeads, group, width } = sizes;
  if (queries === 1) {
    const query = inputs.query.reshape([rows, keyHeads, group, width]);
    const mixed = sdpa(query, inputs.key, inputs.value, bias?.unsqueeze(1) ?? null, false);
    return mixed.reshape([rows, 1, heads * width]);
  }
  const mask = bias?.rank === 3 ? bias.unsqueeze(1) : bias;
  const key = repeatHeads(inputs.key, sizes);
  const value = repeatHeads(inputs.value, sizes);
  const mixed = sdpa(inputs.query.transpose(1, 2), key, value, mask, isCausal);
  return mixed.transpose(1, 2).reshape([rows, queries, heads * width]);
}

const sdpa = (
  query: Tensor,
  key: Tensor,
  value: Tensor,
  mask: Tensor | null,
  isCausal: boolean,
): Tensor => callTensor('aten::scaled_dot_product_attention', query, key, value, mask, 0, isCausal);
