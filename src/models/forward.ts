import { ShapeError } from '../errors.ts';
import {
  callTensors,
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
import { type Rotation, rotate, rotationOf, rotationOfRange } from './rotary.ts';
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
}

const project = (x: Tensor, { weight, bias }: Projection): Tensor => linear(x, weight, bias);

interface Heads {
  /** [B, T, H, D] */
  readonly query: Tensor;
  /** [B, T, K, D] */
  readonly key: Tensor;
  /** [B, T, K, D] */
  readonly value: Tensor;
}

/** Views of consecutive shares of an axis. */
const split = (x: Tensor, sizes: readonly number[], axis: number): Tensor[] =>
  callTensors('aten::split_with_sizes', x, sizes, axis);

/** By one product each, so that gradients reach the leaves without being split and joined. */
function separateHeads(x: Tensor, layer: LayerWeights, pass: Pass): Heads {
  const { rows, count, config } = pass;
  const heads = (projection: Projection, number: number): Tensor =>
    project(x, projection).view([rows, count, number, config.headDim]);
  const query = heads(layer.query, config.numAttentionHeads);
  const key = heads(layer.key, config.numKeyValueHeads);
  return {
    query: rotate(normHeads(query, layer.queryNorm, pass), pass.rotation, config.headDim),
    key: rotate(normHeads(key, layer.keyNorm, pass), pass.rotation, config.headDim),
    value: heads(layer.value, config.numKeyValueHeads),
  };
}

const normHeads = (heads: Tensor, weight: Tensor | null, { config }: Pass): Tensor =>
  weight === null ? heads : rmsNorm(heads, weight, config.rmsNormEps);

/** All by one product with the stacked matrices; queries and keys are rotated together where no norm parts them. */
function stackedHeads(x: Tensor, layer: LayerWeights, pass: Pass): Heads {
  const { config, rows, count, rotation } = pass;
  const { numAttentionHeads: heads, numKeyValueHeads: keyHeads, headDim } = config;
  const all = project(x, layer.queryKeyValue).view([rows, count, heads + 2 * keyHeads, headDim]);
  if (layer.queryNorm || layer.keyNorm) {
    const [query, key, value] = split(all, [heads, keyHeads, keyHeads], 2);
    return {
      query: rotate(normHeads(query!, layer.queryNorm, pass), rotation, headDim),
      key: rotate(normHeads(key!, layer.keyNorm, pass), rotation, headDim),
      value: value!,
    };
  }
  const [both, value] = split(all, [heads + keyHeads, keyHeads], 2);
  const [query, key] = split(rotate(both!, rotation, headDim), [heads, keyHeads], 2);
  return { query: query!, key: key!, value: value! };
}

function attend(x: Tensor, layer: LayerWeights, index: number, pass: Pass): Tensor {
  const heads = pass.recording ? separateHeads : stackedHeads;
  const { query, key, value } = heads(x, layer, pass);
  const seen = pass.cache
    ? pass.cache.append(index, key, value, pass.count)
    : { key: key.transpose(1, 2), value: value.transpose(1, 2) };
  const mixed = attention({ query, ...seen }, pass.visibility, pass.config);
  return project(mixed, layer.output);
}

/** SwiGLU; Shazeer 2020, arXiv:2002.05202v1, Eq. 6: (silu(x Gᵀ) ⊙ x Uᵀ) Dᵀ. */
function feedForward(x: Tensor, layer: LayerWeights, { config, recording }: Pass): Tensor {
  const width = config.intermediateSize;
  const [gate, up] = recording
    ? [project(x, layer.gate), project(x, layer.up)]
    : split(project(x, layer.gateUp), [width, width], -1);
  return project(gate!.silu().mul(up!), layer.down);
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
    recording: isRecording(model),
  };
  let x = embedding(weights.embedTokens, tokens);
  for (const [index, layer] of weights.layers.entries()) x = decoderLayer(x, layer, index, pass);
  cache?.advance(count);
  return rmsNorm(x, weights.norm, config.rmsNormEps);
}

/** Scores of every next token, from hidden states [..., C] of any leading shape. [..., V] */
export const logits = ({ weights }: Model, hidden: Tensor): Tensor =>
  linear(hidden, weights.head ?? weights.embedTokens);
