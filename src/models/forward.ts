import { ShapeError } from '../errors.ts';
import {
  arange,
  callTensor,
  callTensors,
  cat,
  embedding,
  gradEnabled,
  linear,
  rmsNorm,
  type Tensor,
  tidy,
} from '../tensor/index.ts';
import { attention } from './attention.ts';
import { type Segments, type Visibility, visibility } from './attention-mask.ts';
import { type Dropout, drop, dropoutAt } from './dropout.ts';
import type { TokenStore } from './key-value-cache.ts';
import { trainableParameters } from './lora/adapter-parameters.ts';
import type { LayerAdapters } from './lora/adapters.ts';
import { addDifferences } from './lora/apply-adapters.ts';
import type { ModelConfig } from './model-config.ts';
import type { ProjectionName } from './parameter-table.ts';
import { type Rotation, rotate, rotationOf, rotationOfRange, splitRotated } from './rotary.ts';
import type { LayerWeights, Model, Projection } from './weights.ts';

export interface ForwardInputs {
  /** Token ids. [B, T], int64 */
  readonly tokens: Tensor;
  /** Place of each token in its own text. [B, T], int64; default: counted from the mask, else from the cache's length. */
  readonly positions?: Tensor | undefined;
  /** 1 = visible: false hides padding. [B, S], bool, with S = cached + T. Right-padded batches need none. */
  readonly attentionMask?: Tensor | undefined;
  /**
   * Divides rows into sequences that do not see one another, each counting its places from 0, or on from the prefix it
   * shares with others. Without mask, the cache empty.
   */
  readonly segments?: Segments | undefined;
  /**
   * Holds the tokens before these; gains these. Its contents carry no gradient. Past the original context of a dynamic
   * or longrope scaling, cached keys keep the rotation they were read with, as in transformers.
   */
  readonly cache?: TokenStore | undefined;
  /** Switches dropout on: what is dropped depends on this number only. Left out, nothing is. */
  readonly dropoutSeed?: number | undefined;
  /** Share of the embeddings, and of what each block adds, that is dropped where `dropoutSeed` is given; default 0. */
  readonly hiddenDropout?: number | undefined;
}

/** What every layer of one forward pass shares. */
export interface Pass {
  readonly config: ModelConfig;
  readonly rows: number;
  readonly count: number;
  readonly rotation: Rotation;
  readonly visibility: Visibility;
  readonly cache: TokenStore | undefined;
  /** The weights record gradients: projections read the leaves rather than their stacked memory. */
  readonly trainsWeights: boolean;
  readonly dropoutSeed: number | undefined;
  readonly hiddenDropout: number;
}

/** What one decoder layer is computed from. */
interface Layer extends LayerWeights {
  readonly index: number;
  readonly adapters: LayerAdapters;
  /** Of the adapters' inputs. */
  readonly dropout: Dropout | undefined;
  /** Of what the layer adds to the states. */
  readonly hiddenDropout: Dropout | undefined;
}

/** Adds to the product of one or several projections what their adapters make of its input. */
function adapt(product: Tensor, x: Tensor, names: readonly ProjectionName[], layer: Layer): Tensor {
  const parts = names.map((name) => ({
    adapter: layer.adapters[name],
    width: layer[name].weight.shape[0]!,
  }));
  return addDifferences(product, x, parts, layer.dropout);
}

const project = (x: Tensor, name: 'output' | 'down', layer: Layer): Tensor =>
  adapt(linear(x, layer[name].weight, layer[name].bias), x, [name], layer);

/** Several projections of one input by a single product: of the stacked matrices, or of the joined leaves. */
function projectTogether(
  x: Tensor,
  whole: Projection,
  names: readonly ProjectionName[],
  layer: Layer,
  { trainsWeights }: Pass,
): Tensor {
  if (!trainsWeights) return adapt(linear(x, whole.weight, whole.bias), x, names, layer);
  const parts = names.map((name) => layer[name]);
  const biases = parts.flatMap(({ bias }) => bias ?? []);
  const bias = biases.length === 0 ? null : cat(biases);
  const product = linear(x, cat(parts.map(({ weight }) => weight)), bias);
  return adapt(product, x, names, layer);
}

/** Queries, keys and values side by side. [B, T, H + 2K, D] */
function projectHeads(x: Tensor, layer: Layer, pass: Pass): Tensor {
  const { rows, count, config } = pass;
  const width = config.numAttentionHeads + 2 * config.numKeyValueHeads;
  const all = projectTogether(x, layer.queryKeyValue, ['query', 'key', 'value'], layer, pass);
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

function attend(x: Tensor, layer: Layer, pass: Pass): Tensor {
  const all = projectHeads(x, layer, pass);
  const { query, key, value } = splitHeads(all, layer, pass);
  const seen = pass.cache
    ? pass.cache.append(layer.index, key, value, pass.count)
    : { key: key.transpose(1, 2), value: value.transpose(1, 2) };
  const mixed = attention({ query, ...seen }, pass.visibility, pass.config);
  return project(mixed, 'output', layer);
}

/** SwiGLU; Shazeer 2020, arXiv:2002.05202v1, Eq. 6: (silu(x Gᵀ) ⊙ x Uᵀ) Dᵀ. */
function feedForward(x: Tensor, layer: Layer, pass: Pass): Tensor {
  const both = projectTogether(x, layer.gateUp, ['gate', 'up'], layer, pass);
  return project(callTensor('laurel::swiglu', both), 'down', layer);
}

function layerOf({ weights, adapters }: Model, index: number, pass: Pass): Layer {
  const { dropoutSeed: passSeed, hiddenDropout: share } = pass;
  return {
    ...weights.layers[index]!,
    index,
    adapters: adapters?.layers[index] ?? {},
    dropout: dropoutAt(2 * index + 1, { share: adapters?.config.dropout, passSeed }),
    hiddenDropout: dropoutAt(2 * index + 2, { share, passSeed }),
  };
}

/** One decoder layer; calling it again gives the same. [B, T, C] → [B, T, C] */
export function decoderLayer(x: Tensor, model: Model, index: number, pass: Pass): Tensor {
  const { rmsNormEps } = pass.config;
  const layer = layerOf(model, index, pass);
  const { hiddenDropout } = layer;
  const attention = attend(rmsNorm(x, layer.inputNorm, rmsNormEps), layer, pass);
  const attended = x.add(drop(attention, hiddenDropout));
  const normed = rmsNorm(attended, layer.postAttentionNorm, rmsNormEps);
  return attended.add(drop(feedForward(normed, layer, pass), hiddenDropout));
}

/** Places counted over visible tokens only; padding gets 0. [B, T] */
function positionsFrom(attentionMask: Tensor, count: number): Tensor {
  const counted = attentionMask.to({ dtype: 'int64' }).cumsum(1).sub(1).clamp(0);
  return counted.narrow(1, attentionMask.shape[1]! - count, count);
}

/** Places counted from each sequence's first token, or on from those of its prefix. [B, T] */
function positionsWithin({ starts, prefixes }: Segments, count: number): Tensor {
  const own = arange(0, count, { device: starts.device }).sub(starts);
  if (prefixes === undefined) return own;
  const [begin, end] = [0, 1].map((edge) => prefixes.narrow(2, edge, 1).squeeze(2));
  return own.add(end!).sub(begin!);
}

function rotationFor(model: Model, inputs: ForwardInputs, count: number): Rotation {
  const { dtype, device } = model.weights.embedTokens;
  const { attentionMask, segments, cache } = inputs;
  const positions =
    inputs.positions ??
    (segments && positionsWithin(segments, count)) ??
    (attentionMask && positionsFrom(attentionMask, count));
  return positions
    ? rotationOf(model.config, positions, { dtype, device })
    : rotationOfRange(model.config, cache?.length ?? 0, count, { dtype, device });
}

function assertInputs(inputs: ForwardInputs): void {
  const { tokens, positions, attentionMask, segments, cache } = inputs;
  if (tokens.rank !== 2) {
    throw new ShapeError(`hiddenStates: tokens [${tokens.shape.join(', ')}] should be [B, T]`);
  }
  const [rows, count] = tokens.shape as [number, number];
  if (positions && positions.shape.join() !== tokens.shape.join()) {
    throw new ShapeError(
      `hiddenStates: positions [${positions.shape.join(', ')}] does not match tokens [${rows}, ${count}]`,
    );
  }
  if (
    segments &&
    ((cache && cache.length > 0) ||
      attentionMask ||
      segments.starts.shape.join() !== tokens.shape.join())
  ) {
    throw new ShapeError(
      `hiddenStates: segments [${segments.starts.shape.join(', ')}] need tokens of their shape, found [${rows}, ${count}], no attentionMask, and an empty cache if any`,
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
  gradEnabled() &&
  [...trainableParameters(model).values()].some(({ requiresGrad }) => requiresGrad);

/** Checks the inputs and makes what every layer shares. @throws ShapeError when shapes disagree or the cache is full. */
export function startPass(model: Model, inputs: ForwardInputs): Pass {
  assertInputs(inputs);
  const { tokens, attentionMask, cache } = inputs;
  const [rows, count] = tokens.shape as [number, number];
  const { dtype, device } = model.weights.embedTokens;
  const recording = isRecording(model);
  return {
    config: model.config,
    rows,
    count,
    rotation: rotationFor(model, inputs, count),
    visibility: visibility({
      queries: count,
      keys: (cache?.length ?? 0) + count,
      attentionMask,
      segments: inputs.segments,
      dtype,
      device,
    }),
    cache,
    trainsWeights: recording && model.adapters === undefined,
    dropoutSeed: inputs.dropoutSeed,
    hiddenDropout: inputs.hiddenDropout ?? 0,
  };
}

/** The tokens' vectors. [B, T, C] */
export function embed({ weights }: Model, inputs: ForwardInputs): Tensor {
  const { hiddenDropout: share, dropoutSeed: passSeed } = inputs;
  const vectors = embedding(weights.embedTokens, inputs.tokens);
  return drop(vectors, dropoutAt(0, { share, passSeed }));
}

/** What the output matrix reads: the last layer's states, normed. [B, T, C] */
export const finalNorm = ({ weights, config }: Model, states: Tensor): Tensor =>
  rmsNorm(states, weights.norm, config.rmsNormEps);

/**
 * For a layer in a scope of its own, which keeps what the backward pass needs and no more: attention remembers what it
 * makes of a visibility, and that would be freed.
 */
export const scoped = (pass: Pass): Pass =>
  pass.visibility.bias === null ? pass : { ...pass, visibility: { ...pass.visibility } };

/**
 * Runs the decoder over tokens, reading and extending the cache if there is one.
 * @returns hidden states after the final norm. [B, T, C]
 * @throws ShapeError when shapes disagree or the cache is full.
 */
export function hiddenStates(model: Model, inputs: ForwardInputs): Tensor {
  const pass = startPass(model, inputs);
  let x = embed(model, inputs);
  for (const index of model.weights.layers.keys()) {
    const input = x;
    x = tidy(() => decoderLayer(input, model, index, scoped(pass)));
  }
  pass.cache?.advance(pass.count);
  return finalNorm(model, x);
}

/**
 * Reads tokens into the cache and no further: of the last layer only keys and values are computed, which is all that
 * later tokens look at.
 * @throws ShapeError when shapes disagree or the cache is full.
 */
export function fillCache(
  model: Model,
  inputs: ForwardInputs & { readonly cache: TokenStore },
): void {
  const pass = startPass(model, inputs);
  const last = model.weights.layers.length - 1;
  let x = embed(model, inputs);
  for (let index = 0; index < last; index++) {
    const input = x;
    x = tidy(() => decoderLayer(input, model, index, scoped(pass)));
  }
  const layer = layerOf(model, last, pass);
  const all = projectHeads(rmsNorm(x, layer.inputNorm, pass.config.rmsNormEps), layer, pass);
  const { key, value } = splitHeads(all, layer, pass);
  inputs.cache.append(last, key, value, pass.count);
  inputs.cache.advance(pass.count);
}

/** Scores of every next token, from hidden states [..., C] of any leading shape. [..., V] */
export const logits = ({ weights }: Model, hidden: Tensor): Tensor =>
  linear(hidden, weights.head ?? weights.embedTokens);
