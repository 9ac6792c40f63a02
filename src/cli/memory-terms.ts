// What tensors a training step and a rollout hold when they hold most, by formula; docs/memory.md has each term.
import { LOGITS_AT_ONCE, SCORED_AT_ONCE } from '../losses/index.ts';
import {
  type LayerAdapters,
  type Model,
  PackedDecoder,
  recomputesLayers,
  remembersScores,
  trainableParameters,
} from '../models/index.ts';
import { dtypeBytes, type Tensor } from '../tensor/index.ts';

type ProjectionName = keyof LayerAdapters;

/** Prompts read side by side, and the completions drawn of them. */
export interface SamplingPlan {
  readonly prompts: number;
  readonly completions: number;
  readonly promptLength: number;
  readonly completionLength: number;
  /** Whether prompts differ in length; true unless given. */
  readonly isPadded?: boolean;
}

/** What a run holds at one time besides its model. */
export interface MemoryPlan {
  /** B: rows of the largest micro-batch. */
  readonly rows: number;
  /** T: tokens of a row. */
  readonly length: number;
  /** Tokens that are left out because sequences of the micro-batch share their prompt; none unless given. */
  readonly sharedTokens?: number;
  /** N: tokens of the micro-batch whose log-probabilities are wanted; all unless given. */
  readonly targets?: number;
  /** Whether an update has several micro-batches. */
  readonly accumulates: boolean;
  readonly gradientCheckpointing: boolean | null;
  /** Whether a KL penalty or a preference loss holds the policy to another. */
  readonly hasReference: boolean;
  readonly sampling?: SamplingPlan;
}

export const FLOAT32 = 4;

export const numbersIn = (tensors: ReadonlyMap<string, Tensor>): number =>
  [...tensors.values()].reduce((sum, { size }) => sum + size, 0);

/** Widths that the formulas share. */
export function sizesOf({ config, weights, adapters }: Model) {
  const { numAttentionHeads, numKeyValueHeads, headDim } = config;
  return {
    ...config,
    bytes: dtypeBytes(weights.embedTokens.dtype),
    queries: numAttentionHeads * headDim,
    keys: numKeyValueHeads * headDim,
    remembersScores: remembersScores(weights.embedTokens),
    normsHeads: weights.layers[0]?.queryNorm != null,
    adapted: adapters?.layers[0],
    dropout: adapters?.config.dropout ?? 0,
    rank: adapters?.config.rank ?? 0,
  };
}

type Sizes = ReturnType<typeof sizesOf>;

/** Softmax weights of attention that keeps them, per token; in float32 too where the model is not. */
const scoreBytes = ({ bytes, numAttentionHeads }: Sizes, length: number): number =>
  numAttentionHeads * length * (bytes < FLOAT32 ? bytes + FLOAT32 : bytes);

/**
 * What attention remembers per token: query, key and value as it reads them, and the logarithm of each sum; or its
 * weights, and a key and a value for every query head. Norms of heads remember what they read.
 */
function attentionBytes(sizes: Sizes, length: number): number {
  const { queries, keys, bytes } = sizes;
  const normed = sizes.normsHeads ? (queries + 2 * keys) * bytes : 0;
  return sizes.remembersScores
    ? normed + 3 * queries * bytes + scoreBytes(sizes, length)
    : normed + (queries + 2 * keys) * bytes + sizes.numAttentionHeads * FLOAT32;
}

/**
 * What adapters remember per token, in float32: the product with A; the input where it is widened; with dropout, the
 * input that is left and a byte that says so.
 */
function adapterBytes({ adapted, dropout, rank, bytes, ...sizes }: Sizes): number {
  const widths = { output: sizes.queries, down: sizes.intermediateSize };
  const perInput = (bytes < FLOAT32 ? FLOAT32 : 0) + (dropout > 0 ? FLOAT32 + 1 : 0);
  return Object.keys(adapted ?? {}).reduce((sum, name) => {
    const input = widths[name as keyof typeof widths] ?? sizes.hiddenSize;
    return sum + rank * FLOAT32 + input * perInput;
  }, 0);
}

/** Bytes that a layer remembers per token for the backward pass, besides those of attention. */
function layerBytes(sizes: Sizes): number {
  const { hiddenSize, intermediateSize, queries, bytes } = sizes;
  const states = 2 * hiddenSize + 2 * intermediateSize;
  // The float32 operator of a projection remembers its input whether or not its matrix is trained.
  const remembersInputs = sizes.adapted === undefined || bytes === FLOAT32;
  const inputs = remembersInputs ? 2 * hiddenSize + queries + intermediateSize : 0;
  return (states + inputs) * bytes + adapterBytes(sizes) + widenedBytes(sizes);
}

/** In half precision: both norms' inputs and outputs in float32, and the gate's silu beside the gate. */
const widenedBytes = ({ bytes, hiddenSize, intermediateSize }: Sizes): number =>
  bytes < FLOAT32 ? 4 * hiddenSize * FLOAT32 + 2 * intermediateSize * bytes : 0;

/** Query, key and value joined to one matrix, and gate and up; adapters read the stacked weights. */
const joinedBytes = ({ adapted, hiddenSize, queries, keys, intermediateSize, bytes }: Sizes) =>
  adapted ? 0 : (queries + 2 * keys + 2 * intermediateSize) * hiddenSize * bytes;

/**
 * Gradients that flow back through the layer at hand, bytes per token: in SwiGLU, or in attention after it, when what
 * SwiGLU remembered is free.
 */
function flowingBytes(sizes: Sizes, length: number): number {
  const { hiddenSize, intermediateSize, queries, keys, bytes } = sizes;
  const inner = 3 * intermediateSize * bytes;
  const heads = sizes.remembersScores
    ? 2 * scoreBytes(sizes, length)
    : (2 * queries + 4 * keys) * bytes;
  return 3 * hiddenSize * bytes + Math.max(inner, heads - inner);
}

/** Logits and what scoring makes of them. */
function headBytes({ vocabSize, hiddenSize, bytes }: Sizes, targets: number): number {
  const states = 3 * targets * hiddenSize * bytes;
  const logits = targets * vocabSize;
  if (logits <= SCORED_AT_ONCE) return 6 * logits * FLOAT32 + states;
  return Math.min(logits, LOGITS_AT_ONCE) * bytes + 5 * SCORED_AT_ONCE * FLOAT32 + states;
}

/** Bytes of gradients and activations at the moments when they may be most, for the largest of them. */
export function trainingBytes(model: Model, plan: MemoryPlan): number {
  const { rows, length, targets = rows * length, sharedTokens = 0 } = plan;
  const sizes = sizesOf(model);
  const { hiddenSize, numHiddenLayers: layers, vocabSize, bytes } = sizes;
  const tokens = rows * length - sharedTokens;
  // Attention that remembers its weights works on a copy of the prompt for each sequence.
  const attended = sizes.remembersScores ? rows * length : tokens;
  const trained = numbersIn(trainableParameters(model));
  const isHalf = bytes < FLOAT32;
  const sums = isHalf ? trained * FLOAT32 : 0;
  const gradients = trained * bytes;
  const earlier = plan.accumulates ? (isHalf ? sums : gradients) : 0;
  const table = sizes.adapted ? 0 : vocabSize * hiddenSize;
  const ofAttention = attended * attentionBytes(sizes, length);
  const layer = tokens * layerBytes(sizes) + ofAttention + joinedBytes(sizes);
  const input = tokens * hiddenSize * bytes;
  const head = headBytes(sizes, targets) + (plan.accumulates && !isHalf ? 0 : table * FLOAT32);
  const flowing = attended * flowingBytes(sizes, length) + joinedBytes(sizes);
  const recomputes =
    plan.gradientCheckpointing ?? recomputesLayers(model, [attended / length, length]);
  const remembered = 3 * input + (recomputes ? layers * input : layers * layer);
  const inTurn = recomputes ? layer : 0;
  const held = earlier + (isHalf && plan.accumulates ? gradients : 0);
  return Math.max(
    earlier + remembered + head,
    earlier + remembered + inTurn + flowing + (table > 0 ? table * bytes : 0),
    Math.max(held, gradients) + 3 * input + layer + flowing,
    Math.max(held, gradients) + 2 * input + table * bytes,
    isHalf ? sums + gradients : gradients,
  );
}

/** Matrices of the layers: all, or those that adapters are merged into. */
function layerMatrices({ weights, adapters }: Model, onlyAdapted: boolean): number {
  const stacks = { queryKeyValue: ['query', 'key', 'value'], gateUp: ['gate', 'up'] } as const;
  const parts = { ...stacks, output: ['output'], down: ['down'] } as const;
  const names = Object.keys(parts) as (keyof typeof parts)[];
  return weights.layers.reduce((sum, layer, index) => {
    const isAdapted = (name: ProjectionName) => adapters?.layers[index]?.[name] !== undefined;
    const counted = names.filter((name) => !onlyAdapted || parts[name].some(isAdapted));
    return counted.reduce((numbers, name) => numbers + layer[name].weight.size, sum);
  }, 0);
}

/** The copies of matrices that decoding makes for one rollout: with adapters merged, and laid out for few rows. */
function copiedBytes(model: Model): { merged: number; packed: number } {
  const { weights, adapters } = model;
  const { bytes } = sizesOf(model);
  const head = weights.head ?? weights.embedTokens;
  // Decoding reads the merged model, which has no adapters.
  const isPacked = PackedDecoder.fits({ ...model, adapters: undefined });
  return {
    merged: adapters === undefined ? 0 : layerMatrices(model, true) * bytes,
    packed: isPacked ? (layerMatrices(model, false) + head.size) * bytes : 0,
  };
}

/** What reading the prompts holds besides their cache; scores only where padding hides some, or where they are kept. */
function readingBytes(sizes: Sizes, { prompts, promptLength, isPadded = true }: SamplingPlan) {
  const { hiddenSize, intermediateSize, queries, bytes } = sizes;
  const numbers = 6 * hiddenSize + 5 * intermediateSize + 3 * queries;
  const scores = isPadded ? 3 : sizes.remembersScores ? 2 : 0;
  return prompts * promptLength * (numbers * bytes + scores * scoreBytes(sizes, promptLength));
}

/** While sampling: keys and values of every completion, copies of matrices, and the logits of a decode step. */
export function samplingBytes(model: Model, plan: SamplingPlan | undefined): number {
  if (plan === undefined) return 0;
  const sizes = sizesOf(model);
  const { prompts, completions, promptLength, completionLength } = plan;
  const perRow = (promptLength + completionLength) * 2 * sizes.keys * sizes.bytes;
  const caches = sizes.numHiddenLayers * perRow;
  const logits = 4 * completions * sizes.vocabSize * FLOAT32;
  const { merged, packed } = copiedBytes(model);
  const repeating = completions * caches + prompts * perRow + logits;
  const decoding = completions * caches + packed + logits;
  const reading = prompts * caches + readingBytes(sizes, plan);
  return merged + Math.max(repeating, decoding, reading);
}
