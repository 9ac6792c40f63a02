import {
  arange,
  callTensor,
  callTensors,
  cat,
  type DType,
  keep,
  noGrad,
  type Tensor,
  tidy,
} from '../tensor/index.ts';
import type { ModelConfig } from './model-config.ts';
import { frequencyRegime, ropeFrequencies } from './rope-frequencies.ts';

/** Rotation angles as the factors of `rotate`; [T, 1, D] or [B, T, 1, D], to broadcast over heads. */
export interface Rotation {
  readonly cos: Tensor;
  /** Negative on the first half of each head. */
  readonly signedSin: Tensor;
}

/**
 * Rotates each pair (x_i, x_{i + D/2}) of every head by its angle.
 *   y = x ⊙ cos + roll(x, D/2) ⊙ (−sin, sin)
 * Su et al. 2021, arXiv:2104.09864v5, Eq. 34, with halves instead of neighbours paired, as the published models do.
 * @returns the shape of `x`, [B, T, heads, D].
 */
export function rotate(x: Tensor, { cos, signedSin }: Rotation, headDim: number): Tensor {
  const swapped = callTensor('aten::roll', x, [headDim / 2], [-1]);
  return callTensor('aten::addcmul', x.mul(cos), swapped, signedSin);
}

/** Heads apart, as views of [B, T, heads, D] whose memory is [B, heads, T, D], as attention reads it. */
export interface SplitHeads {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
}

/** Parts [B, T, H + 2K, D] into queries, keys and values, and rotates the first two as `rotate` does. */
export function splitRotated(
  all: Tensor,
  { cos, signedSin }: Rotation,
  heads: number,
  keyHeads: number,
): SplitHeads {
  const parts = callTensors('laurel::split_heads', all, cos, signedSin, heads, keyHeads);
  const [query, key, value] = parts.map((part) => part.transpose(1, 2));
  return { query: query!, key: key!, value: value! };
}

export interface Placement {
  readonly dtype: DType;
  readonly device: string;
}

interface Speeds {
  /** (−f, f): a cosine does not see the sign, a sine takes it over. [D], float32 */
  readonly signed: Tensor;
  readonly attentionFactor: number;
}

interface Cached extends Speeds {
  /** Rotations of positions 0 … tableLength − 1. */
  table: Rotation | undefined;
  tableLength: number;
}

const caches = new WeakMap<ModelConfig, Map<string, Cached>>();

function speeds(config: ModelConfig, length: number, { device }: Placement): Speeds {
  const { inverse, attentionFactor } = ropeFrequencies(config, length);
  return { signed: cat([inverse.neg(), inverse]).to({ device }), attentionFactor };
}

/** Remembered per configuration; a dynamic scaling past the context is new at every length, so it is not. */
function cached(config: ModelConfig, length: number, placement: Placement): Cached {
  const regime = frequencyRegime(config, length);
  const isTransient = config.rope.ropeType === 'dynamic' && regime > config.maxPositionEmbeddings;
  if (isTransient) {
    return { ...speeds(config, length, placement), table: undefined, tableLength: 0 };
  }
  const byKey = caches.get(config) ?? new Map<string, Cached>();
  caches.set(config, byKey);
  const key = `${regime} ${placement.dtype} ${placement.device}`;
  const found = byKey.get(key);
  if (found) return found;
  const { signed, attentionFactor } = tidy(() => speeds(config, length, placement));
  const made = { signed: keep(signed), attentionFactor, table: undefined, tableLength: 0 };
  byKey.set(key, made);
  return made;
}

/** Angles of `positions` [...], in float32, then cast to the model's dtype. [..., 1, D] */
function anglesOf(positions: Tensor, { signed, attentionFactor }: Speeds, dtype: DType): Rotation {
  const angles = positions.to({ dtype: 'float32' }).unsqueeze(-1).unsqueeze(-1).mul(signed);
  const finish = (wave: Tensor) =>
    (attentionFactor === 1 ? wave : wave.mul(attentionFactor)).to({ dtype });
  return { cos: finish(angles.cos()), signedSin: finish(angles.sin()) };
}

function extendTable(entry: Cached, length: number, { dtype, device }: Placement): Rotation {
  if (entry.table && entry.tableLength >= length) return entry.table;
  const tableLength = Math.max(64, 2 ** Math.ceil(Math.log2(length)));
  const { cos, signedSin } = tidy(() => anglesOf(arange(0, tableLength, { device }), entry, dtype));
  entry.table?.cos.dispose();
  entry.table?.signedSin.dispose();
  entry.table = { cos: keep(cos), signedSin: keep(signedSin) };
  entry.tableLength = tableLength;
  return entry.table;
}

/** The rotation of positions start, start + 1, …, start + count − 1, the same for every row. */
export function rotationOfRange(
  config: ModelConfig,
  start: number,
  count: number,
  placement: Placement,
): Rotation {
  return noGrad(() => {
    const length = start + count;
    const table = extendTable(cached(config, length, placement), length, placement);
    return {
      cos: table.cos.narrow(0, start, count),
      signedSin: table.signedSin.narrow(0, start, count),
    };
  });
}

const dependsOnLength = ({ rope }: ModelConfig): boolean =>
  rope.ropeType === 'dynamic' || rope.ropeType === 'longrope';

/** The rotation of given positions [B, T]; for dynamic and longrope the batch's highest sets the regime, as in transformers. */
export function rotationOf(config: ModelConfig, positions: Tensor, placement: Placement): Rotation {
  return noGrad(() => {
    const length = dependsOnLength(config) ? positions.max().item() + 1 : 1;
    return anglesOf(positions, cached(config, length, placement), placement.dtype);
  });
}

/** Whether angles depend on nothing but the position, so that a table of them can be kept. */
export const hasRotationTable = (config: ModelConfig): boolean => !dependsOnLength(config);

/** The rotations of positions 0 … length − 1 and perhaps more, where `hasRotationTable`. [≥ length, 1, D] */
export const rotationTable = (
  config: ModelConfig,
  length: number,
  placement: Placement,
): Rotation => noGrad(() => extendTable(cached(config, length, placement), length, placement));
