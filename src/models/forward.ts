import { ShapeError } from '../errors.ts';
import {
  callTensor,
  callTensors,
  cat,
  embedding,
  gradEnabled,
  linear,
  rmsNorm,
  type Tensor,
} from '../tensor/index.ts';
import { attention } from './attention.ts';
import { type Visibility, visibility } from './attention-mask.ts';
import type { KeyValueCache } from './key-value-cache.ts';
import type { ModelConfig } from './model-config.ts';
import { type Rotation, rotate, rotationOf, rotationOfRange, splitRotated } from './rotary.ts';
import { type LayerWeights, type Model, type Projection, parameters } from './weights.ts';

export interface ForwardInputs {
  /** Token ids. [B, T], int64 */
  readonly tokens: Tensor;
  /** Place of each token in its own text. [B, T], int64; default: counted from the mask, else from the cache's length. */
  readonly positions?: Tensor | undefined;
  /** 1 = visible: false hides padding. [B, S], bool, with S = cached + T. Right-padded batches need none. */
  readonly attentionMask?: Tensor | undefined;
  /**
   * Holds the tokens before these; gains these. Its contents carry no gradient. Past the original context of a dynamic
   * or longrope scaling, cached keys keep the rotation they were read with, as in transformers.
   */
  readonly cache?: KeyValueCache | undefined;
}

/** What every layer of one forward pass shares. */
interface Pass {
  readonly config: ModelConfig;
  readonly rows: number;
  readonly count: number;
  readonly rotation: Rotation;
  readonly visibility: Visibility;
  readonly cache: KeyValueCache | undefined;
  /** Gradients are recorded: projections read the leaves rather than their stacked memory. */
  readonly recording: boolean;
  /** One operator appends to the cache and attends: a single token per row, in float32 on the CPU. */
  readonly decodesFused: boolean;
}

const project = (x: Tensor, { weight, bias }: Projection): Tensor => linear(x, weight, bias);

/** Several projections of one input by a single product: of the stacked matrices, or of the joined leaves. */
function projectTogether(
  x: Tensor,
  whole: Projection,
  parts: readonly Projection[],
  { recording }: Pass,
): Tensor {
  if (!recording) return project(x, whole);
  const biases = parts.flatMap(({ bias }) => bias ?? []);
  const bias = biases.length === 0 ? null : cat(biases);
  return linear(x, cat(parts.map(({ weight }) => weight)), bias);
}

/** Queries, keys and values side by side. [B, T, H + 2K, D] */
function projectHeads(x: Tensor, layer: LayerWeights, pass: Pass): Tensor {
  const { rows, count, config } = pass;
  const width = config.numAttentionHeads + 2 * config.numKeyValueHeads;
  const parts = [layer.query, layer.key, layer.value];
  const all = projectTogether(x, layer.queryKeyValue, parts, pass);
  return all.view([rows, count, width, config.headDim]);
}

interface Heads {
  /** [B, T, H, D] */
  readonly query: Tensor;
  /** [B, T, K, D] */
  readonly key: Tensor;
  /** [B, T, K, D] */
  readonly value: Tensor;
}

const normHeads = (heads: Tensor, weight: Tensor | null, { config }: Pass): Tensor =>
  weight === null ? heads : rmsNorm(heads, weight, config.rmsNormEps);

/** Parts and rotates the heads of [B, T, H + 2K, D]. */
function splitHeads(all: Tensor, layer: LayerWeights, pass: Pass): Heads {
  const { config, rotation } = pass;
  const { numAttentionHeads: heads, numKeyValueHeads: keyHeads, headDim } = config;
  if (layer.queryNorm === null && layer.keyNorm === null) {
    return splitRotated(all, rotation, heads, keyHeads);
  }
  const sizes = [heads, keyHeads, keyHeads];
  const [query, key, value] = callTensors('aten::split_with_sizes', all, sizes, 2);
  return {
    query: rotate(normHeads(query!, layer.queryNorm, pass), rotation, headDim),
    key: rotate(normHeads(key!, layer.keyNorm, pass), rotation, headDim),
    value: value!,
  };
}

function attend(x: Tensor, layer: LayerWeights, index: number, pass: Pass): Tensor {
  const all = projectHeads(x, layer, pass);
  const isPlain = layer.queryNorm === null && layer.keyNorm === null;
  if (pass.cache && pass.decodesFused && isPlain) {
    const { rotation, visibility } = pass;
    return project(pass.cache.attend(index, all, rotation, visibility.bias), layer.output);
  }
  const { query, key, value } = splitHeads(all, layer, pass);
  const seen = pass.cache
    ? pass.cache.append(index, key, value, pass.count)
    : { key: key.transpose(1, 2), value: value.transpose(1, 2) };
  const mixed = attention({ query, ...seen }, pass.visibility, pass.config);
  return project(mixed, layer.output);
}

/** SwiGLU; Shazeer 2020, arXiv:2002.05202v1, Eq. 6: (silu(x Gᵀ) ⊙ x Uᵀ) Dᵀ. */
function feedForward(x: Tensor, layer: LayerWeights, pass: Pass): Tensor {
  const both = projectTogether(x, layer.gateUp, [layer.gate, layer.up], pass);
  return project(callTensor('laurel::swiglu', both), layer.down);
}

function decoderLayer(x: Tensor, layer: LayerWeights, index: number, pass: Pass): Tensor {
  const { rmsNormEps } = pass.config;
  const attended = x.add(attend(rmsNorm(x, layer.inputNorm, rmsNormEps), layer, index, pass));
  const normed = rmsNorm(attended, layer.postAttentionNorm, rmsNormEps);
  return attended.add(feedForward(normed, layer, pass));
}

/** Places counted over visible tokens only; padding gets 0. [B, T] */
function positionsFrom(attentionMask: Tensor, count: number): Tensor {
  const counted = attentionMask.to({ dtype: 'int64' }).cumsum(1).sub(1).clamp(0);
  return counted.narrow(1, attentionMask.shape[1]! - count, count);
}

function rotationFor(model: Model, inputs: ForwardInputs, count: number): Rotation {
  const { dtype, device } = model.weights.embedTokens;
  const { attentionMask, cache } = inputs;
  const positions = inputs.positions ?? (attentionMask && positionsFrom(attentionMask, count));
  return positions
    ? rotationOf(model.config, positions, { dtype, device })
    : rotationOfRange(model.config, cache?.length ?? 0, count, { dtype, device });
}

function assertInputs({ tokens, positions, attentionMask, cache }: ForwardInputs): void {
  if (tokens.rank !== 2) {
    throw new ShapeError(`hiddenStates: tokens [${tokens.shape.join(', ')}] should be [B, T]`);
  }
  const [rows, count] = tokens.shape as [number, number];
  if (positions && positions.shape.join() !== tokens.shape.join()) {
    throw new ShapeError(
      `hiddenStates: positions [${positions.shape.join(', ')}] does not match tokens [${rows}, ${count}]`,
    );
  }
  cache?.assertRoom(rows, count);
  const keys = (cache?.length ?? 0) + count;
  if (attentionMask && attentionMask.shape.join() !== `${rows},${keys}`) {
    throw new ShapeError(
      `hiddenStates: attentionMask [${attentionMask.shape.join(', ')}] does not match [${rows}, ${keys}], rows × (cached + new tokens)`,
    );
  }
}

const isRecording = (model: Model): boolean =>
  gradEnabled() && [...parameters(model).values()].some(({ requiresGrad }) => requiresGrad);

/**
 * Runs the decoder over tokens, reading and extending the cache if there is one.
 * @returns hidden states after the final norm. [B, T, C]
 * @throws ShapeError when shapes disagree or the cache is full.
 */
export function hiddenStates(model: Model, inputs: ForwardInputs): Tensor {
  assertInputs(inputs);
  const { config, weights } = model;
  const { tokens, attentionMask, cache } = inputs;
  const [rows, count] = tokens.shape as [number, number];
  const { dtype, device } = weights.embedTokens;
  const recording = isRecording(model);
  const pass: Pass = {
    config,
    rows,
    count,
    rotation: rotationFor(model, inputs, count),
    visibility: visibility({
      queries: count,
      keys: (cache?.length ?? 0) + count,
      attentionMask,
      dtype,
      device,
    }),
    cache,
    recording,
    decodesFused: count === 1 && !recording && dtype === 'float32' && device === 'cpu',
  };
  let x = embedding(weights.embedTokens, tokens);
  for (const [index, layer] of weights.layers.entries()) x = decoderLayer(x, layer, index, pass);
  cache?.advance(count);
  return rmsNorm(x, weights.norm, config.rmsNormEps);
}

/** Scores of every next token, from hidden states [..., C] of any leading shape. [..., V] */
export const logits = ({ weights }: Model, hidden: Tensor): Tensor =>
  linear(hidden, weights.head ?? weights.embedTokens);
