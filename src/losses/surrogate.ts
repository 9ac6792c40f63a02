import type { Tensor } from '../tensor/index.ts';
import type { RatioLevel } from './ratio-level.ts';
import type { Statistics } from './statistics.ts';

/** What a surrogate is computed from; every tensor is [B, T] and 0 where the mask is. */
export interface SurrogateTerms {
  /** log π_θ of the tokens; gradient flows. */
  readonly logprobs: Tensor;
  /** π_θ / π_old at the level named by `unit`, the same along T for a sequence; gradient flows. */
  readonly ratio: Tensor;
  readonly advantages: Tensor;
  readonly completionMask: Tensor;
  readonly unit: RatioLevel['unit'];
}

/** Per-token losses [B, T] whose gradient improves the policy, and what to report about them. */
export interface SurrogateResult {
  readonly perToken: Tensor;
  readonly statistics: Statistics;
}

/** The part of a policy loss that turns advantages into a gradient. */
export type Surrogate = (terms: SurrogateTerms) => SurrogateResult;
