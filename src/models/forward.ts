import { ShapeError } from '../errors.ts';
import { cat, embedding, gradEnabled, linear, rmsNorm, type Tensor } from '../tensor/index.ts';
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
  /** Holds the tokens before these; gains these. Its contents carry no gradient. */
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

/** Several projections of one input by a single product. */
function projectTogether(
  x: Tensor,
  whole: Projection,
  parts: readonly Projection[],
  recording: boolean,
): Tensor {
  if (!recording) return project(x, whole);
  const weight = cat(parts.map((part) => part.weight));
  const biases = parts.flatMap(({ bias }) => bias ?? []);
  return linear(x, weight, biases.length === 0 ? null : cat(biases));
}

interface Heads {
  /** [B, T, H, D] */
  readonly query: Tensor;
  /** [B, T, K, D] */
  readonly key: Tensor;
  /** [B, T, K, D] */
  readonly value: Tensor;
}

function rotatedHeads(x: Tensor, layer: LayerWeights, pass: Pass): Heads {
  const { config, rows, count, rotation } = pass;
  const { numAttentionHeads: heads, numKeyValueHeads: keyHeads, headDim } = config;
  const parts = [layer.query, layer.key, layer.value];
  const all = projectTogether(x, layer.queryKeyValue, parts, pass.recording).view([
    rows,
    count,
    heads + 2 * keyHeads,
    headDim,
  ]);
  const value = all.narrow(2, heads + keyHeads, keyHeads);
  if (layer.queryNorm && layer.keyNorm) {
    const query = rmsNorm(all.narrow(2, 0, heads), layer.queryNorm, config.rmsNormEps);
    const key = rmsNorm(all.narrow(2, heads, keyHeads), layer.keyNorm, config.rmsNormEps);
    return {
      query: rotate(query, rotation, headDim),
      key: rotate(key, rotation, headDim),
      value,
    };
  }
  const rotated = rotate(all.narrow(2, 0, heads + keyHeads), rotation, headDim);
  return {
    query: rotated.narrow(2, 0, heads),
    key: rotated.narrow(2, heads, keyHeads),
    value,
  };
}

function attend(x: Tensor, layer: LayerWeights, index: number, pass: Pass): Tensor {
  const { query, key, value } = rotatedHeads(x, layer, pass);
  const seen = pass.cache
    ? pass.cache.append(index, key, value, pass.count)
    : { key: key.transpose(1, 2), value: value.transpose(1, 2) };
  const mixed = attention({ query, ...seen }, pass.visibility, pass.config);
  return project(mixed, layer.output);
}

/** SwiGLU; Shazeer 2020, arXiv:2002.05202v1, Eq. 6: (silu(x Gᵀ) ⊙ x Uᵀ) Dᵀ. */
function feedForward(x: Tensor, layer: LayerWeights, { config, recording }: Pass): Tensor {
  const width = config.intermediateSize;
  const both = projectTogether(x, layer.gateUp, [layer.gate, layer.up], recording);
  const gated = both
    .narrow(-1, 0, width)
    .silu()
    .mul(both.narrow(-1, width, width));
  return project(gated, layer.down);
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
