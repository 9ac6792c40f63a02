import { assertSameShape, type Tensor } from '../tensor/index.ts';
import { onlyTrained } from './aggregate.ts';

/** An estimator of a KL from one sample: k1 unbiased, k2 low variance, k3 both and never negative. */
export type KlEstimator = 'k1' | 'k2' | 'k3';

const estimators: Record<KlEstimator, (towardsReference: Tensor) => Tensor> = {
  k1: (towardsReference) => towardsReference.neg(),
  k2: (towardsReference) => towardsReference.square().mul(0.5),
  k3: (towardsReference) => towardsReference.expm1().sub(towardsReference),
};

/**
 * KL(π_θ ‖ π_ref) of each token, estimated from the token that was sampled.
 *   d = log π_ref − log π_θ,   k1 = −d,   k2 = d²/2,   k3 = e^d − 1 − d
 * Schulman 2020, "Approximating KL Divergence", http://joschu.net/blog/kl-approx.html. k3 is GRPO's.
 * @returns [B, T]; gradient flows to `logprobs`.
 */
export function klToReference(
  logprobs: Tensor,
  referenceLogprobs: Tensor,
  estimator: KlEstimator = 'k3',
): Tensor {
  assertSameShape('klToReference', { logprobs, referenceLogprobs });
  return estimators[estimator](referenceLogprobs.sub(logprobs));
}

/**
 * k1 summed over each sequence's trained tokens [B]: what RLOO takes off the reward, times its coefficient.
 *   Σ_t log π_old(o_t) − log π_ref(o_t)
 */
export function sequenceKlToReference(
  logprobs: Tensor,
  referenceLogprobs: Tensor,
  completionMask: Tensor,
): Tensor {
  assertSameShape('sequenceKlToReference', { logprobs, referenceLogprobs, completionMask });
  return onlyTrained(klToReference(logprobs, referenceLogprobs, 'k1'), completionMask).sum(-1);
}
