import { assertSameShape, callTensor, noGrad, type Tensor } from '../tensor/index.ts';

/**
 * Shannon entropy of the distribution that log-probabilities describe, along the last axis, in nats.
 *   H = −Σ_v p_v log p_v
 * Outcomes of probability 0 (log −∞) count nothing.
 * @returns [...], the last axis gone; gradient flows.
 */
export const entropyOfLogprobs = (logprobs: Tensor): Tensor =>
  logprobs.exp().mul(logprobs.clamp(lowestLogprob)).sum(-1).neg();

/** e^−700 is the smallest probability that float64 still tells from 0; 0 · −700 is 0 where 0 · −∞ is not. */
const lowestLogprob = -700;

/** Entropy of softmax(logits) along the last axis, in nats. */
export const entropyOfLogits = (logits: Tensor): Tensor => entropyOfLogprobs(logits.logSoftmax(-1));

/**
 * The trained tokens of highest entropy: those at or above the (1 − share) quantile of the batch at hand.
 * Wang et al. 2025, "Beyond the 80/20 rule", arXiv:2506.01939; TRL's `top_entropy_quantile`.
 * @returns bool [B, T].
 */
export function topEntropyMask(entropy: Tensor, completionMask: Tensor, share: number): Tensor {
  assertSameShape('topEntropyMask', { entropy, completionMask });
  return noGrad(() => {
    const trained = completionMask.ne(0);
    const values = callTensor('aten::masked_select', entropy, trained);
    if (values.size === 0) return trained;
    const threshold = callTensor('aten::quantile.scalar', values, 1 - share);
    return entropy.greaterEqual(threshold).logicalAnd(trained);
  });
}
