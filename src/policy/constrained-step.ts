import { fromTypedArray, type Tensor, where } from '../tensor/index.ts';
import type { TokenConstraint } from './token-constraint.ts';

/** The tokens that each row may take next, side by side. */
export interface AllowedTokens {
  /** By row. */
  readonly sets: readonly Int32Array[];
  /** int64 [R, K], padded with 0. */
  readonly ids: Tensor;
  /** bool [R, K]: where a token stands. */
  readonly isThere: Tensor;
}

/** Lays out what a constraint allows at each row's place. */
export function allowedTokens(
  constraint: TokenConstraint,
  places: readonly number[],
  device: string,
): AllowedTokens {
  const sets = places.map((place) => constraint.allowed(place));
  const widest = sets.reduce((most, { length }) => Math.max(most, length), 1);
  const ids = new Int32Array(sets.length * widest);
  const isThere = new Uint8Array(sets.length * widest);
  for (const [row, set] of sets.entries()) {
    ids.set(set, row * widest);
    isThere.fill(1, row * widest, row * widest + set.length);
  }
  const shape = [sets.length, widest];
  return {
    sets,
    ids: fromTypedArray(ids, shape).to({ dtype: 'int64', device }),
    isThere: fromTypedArray(isThere, shape).to({ dtype: 'bool', device }),
  };
}

/** Over which distribution a constrained token's log-probability is taken. */
export type ConstrainedDistribution =
  /** The softmax over the whole vocabulary; what leaves the set is simply not taken. As published. */
  | 'full'
  /** Renormalised over the tokens that may come next: what is really drawn from. */
  | 'constrained';

/** log π of each row's allowed tokens [R, K], −∞ where none stands, from logits [R, V]. */
export function allowedLogprobs(
  logits: Tensor,
  { ids, isThere }: AllowedTokens,
  distribution: ConstrainedDistribution,
): Tensor {
  const wide = logits.dtype === 'float64' ? logits : logits.to({ dtype: 'float32' });
  const kept = where(isThere, wide.gather(1, ids), Number.NEGATIVE_INFINITY);
  return distribution === 'constrained'
    ? kept.logSoftmax(-1)
    : kept.sub(wide.logsumexp(-1, { keepDim: true }));
}
