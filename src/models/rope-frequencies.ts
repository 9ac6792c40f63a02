import {
  arange,
  callTensor,
  fromTypedArray,
  noGrad,
  type Tensor,
  tidy,
  where,
} from '../tensor/index.ts';
import type { ModelConfig } from './model-config.ts';
import type { RopeConfig } from './rope-config.ts';

/** Rotation speeds of the D/2 pairs of a head, in radians per position, and a factor on the rotated vectors. */
export interface RopeFrequencies {
  /** [D/2], float32 */
  readonly inverse: Tensor;
  readonly attentionFactor: number;
}

type Rope<Type extends RopeConfig['ropeType']> = Extract<RopeConfig, { ropeType: Type }>;

/** θ^(2i/D), computed in float32 as the published models do. [D/2] */
function wavelengths(theta: number, headDim: number): Tensor {
  const exponents = arange(0, headDim, { step: 2, dtype: 'float32' }).div(headDim);
  return callTensor('aten::pow.Scalar', theta, exponents);
}

/** θ^(−2i/D); Su et al. 2021, arXiv:2104.09864v5, Eq. 15. [D/2] */
const plain = (theta: number, headDim: number): Tensor => wavelengths(theta, headDim).reciprocal();

/** Base stretched to the sequence: θ (s L / L₀ − s + 1)^(D / (D − 2)), the "dynamic NTK" scaling. */
function stretchedTheta(
  { ropeTheta, factor }: Rope<'dynamic'>,
  { headDim, maxPositionEmbeddings }: ModelConfig,
  length: number,
): number {
  const reach = Math.max(length, maxPositionEmbeddings);
  const growth = (factor * reach) / maxPositionEmbeddings - (factor - 1);
  return ropeTheta * growth ** (headDim / (headDim - 2));
}

/** The pair that turns `rotations` times within the original context; Peng et al. 2023, arXiv:2309.00071v2, Eq. 17. */
function pairTurning(rotations: number, rope: Rope<'yarn'>, headDim: number): number {
  const wavelength = rope.originalMaxPositionEmbeddings / (rotations * 2 * Math.PI);
  return (headDim * Math.log(wavelength)) / (2 * Math.log(rope.ropeTheta));
}

/** YaRN's mix of interpolated slow pairs and untouched fast ones; Peng et al. 2023, arXiv:2309.00071v2, §3.2. */
function yarnInverse(rope: Rope<'yarn'>, headDim: number): Tensor {
  const fast = pairTurning(rope.betaFast ?? 32, rope, headDim);
  const slow = pairTurning(rope.betaSlow ?? 1, rope, headDim);
  const truncate = rope.truncate ?? true;
  const low = Math.max(truncate ? Math.floor(fast) : fast, 0);
  const high = Math.min(truncate ? Math.ceil(slow) : slow, headDim - 1);
  const width = high === low ? 0.001 : high - low;
  const interpolated = arange(0, headDim / 2, { dtype: 'float32' })
    .sub(low)
    .div(width)
    .clamp(0, 1);
  const inverse = plain(rope.ropeTheta, headDim);
  const kept = interpolated.neg().add(1);
  return inverse.div(rope.factor).mul(interpolated).add(inverse.mul(kept));
}

/** 0.1 m ln s + 1; Peng et al. 2023, arXiv:2309.00071v2, Eq. 22, with DeepSeek's factor m. */
const yarnScale = (factor: number, mscale = 1): number =>
  factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;

function yarnAttention(rope: Rope<'yarn'>): number {
  const { factor, mscale, mscaleAllDim } = rope;
  if (rope.attentionFactor != null) return rope.attentionFactor;
  return mscale && mscaleAllDim
    ? yarnScale(factor, mscale) / yarnScale(factor, mscaleAllDim)
    : yarnScale(factor);
}

/** Llama 3.1: slow pairs divided by the factor, fast ones kept, a linear blend between. */
function llama3Inverse(rope: Rope<'llama3'>, headDim: number): Tensor {
  const { factor, lowFreqFactor: low, highFreqFactor: high } = rope;
  const inverse = plain(rope.ropeTheta, headDim);
  const turns = inverse.mul(rope.originalMaxPositionEmbeddings / (2 * Math.PI));
  const kept = turns.sub(low).div(high - low);
  const blended = inverse.div(factor).mul(kept.neg().add(1)).add(inverse.mul(kept));
  const scaled = where(turns.less(low), inverse.div(factor), blended);
  return where(turns.greater(high), inverse, scaled);
}

/** LongRoPE's searched factor per pair, one list per regime; Ding et al. 2024, arXiv:2402.13753v1, Eq. 3. */
function longInverse(rope: Rope<'longrope'>, headDim: number, length: number): Tensor {
  const isLong = length > rope.originalMaxPositionEmbeddings;
  const factors = Float32Array.from(isLong ? rope.longFactor : rope.shortFactor);
  return wavelengths(rope.ropeTheta, headDim)
    .mul(fromTypedArray(factors, [factors.length]))
    .reciprocal();
}

function longAttention(rope: Rope<'longrope'>): number {
  if (rope.attentionFactor != null) return rope.attentionFactor;
  if (rope.factor <= 1) return 1;
  return Math.sqrt(1 + Math.log(rope.factor) / Math.log(rope.originalMaxPositionEmbeddings));
}

function compute(config: ModelConfig, length: number): [inverse: Tensor, attentionFactor: number] {
  const { rope, headDim } = config;
  switch (rope.ropeType) {
    case 'default':
      return [plain(rope.ropeTheta, headDim), 1];
    case 'linear':
      return [plain(rope.ropeTheta, headDim).div(rope.factor), 1];
    case 'dynamic':
      return [plain(stretchedTheta(rope, config, length), headDim), 1];
    case 'yarn':
      return [yarnInverse(rope, headDim), yarnAttention(rope)];
    case 'llama3':
      return [llama3Inverse(rope, headDim), 1];
    case 'longrope':
      return [longInverse(rope, headDim, length), longAttention(rope)];
  }
}

/** Frequencies for sequences whose highest position is `length` − 1; only dynamic and longrope depend on it. */
export function ropeFrequencies(config: ModelConfig, length: number): RopeFrequencies {
  return noGrad(() =>
    tidy(() => {
      const [inverse, attentionFactor] = compute(config, length);
      return { inverse, attentionFactor };
    }),
  );
}

/** What of `length` the frequencies depend on: equal keys, equal frequencies. */
export function frequencyRegime(config: ModelConfig, length: number): number {
  const { rope, maxPositionEmbeddings } = config;
  if (rope.ropeType === 'dynamic') return Math.max(length, maxPositionEmbeddings);
  if (rope.ropeType === 'longrope') return length > rope.originalMaxPositionEmbeddings ? 1 : 0;
  return 0;
}
