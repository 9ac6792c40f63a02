/**
 * The language-model head as CAPO models it: restricted to the k likeliest tokens and renormalised over them.
 * Melo et al. 2025, arXiv:2510.00819, §4 and the published code.
 * - A sampled token outside the top k takes the place of the least likely one; the published code never meets one,
 *   since it samples from the same k.
 */
import { cat, type Tensor, where } from '../../tensor/index.ts';

/** The k likeliest next tokens at N positions, and the token sampled there. */
export interface TopTokens {
  /** int64 [N, K], likeliest first. */
  readonly ids: Tensor;
  /** log π of each, in nats, of the distribution that training scores [N, K]. */
  readonly logprobs: Tensor;
  /** int64 [N]. */
  readonly sampled: Tensor;
  /** log π of the sampled token [N]. */
  readonly sampledLogprobs: Tensor;
}

/** The restricted policy at N positions. */
export interface LastLayer {
  /** int64 [N, K]; the sampled token is among them. */
  readonly ids: Tensor;
  /** π over the K tokens [N, K]. */
  readonly probabilities: Tensor;
  /** v = e_a − π: the gradient of log π(a) in the K logits [N, K]. */
  readonly residual: Tensor;
}

const withLast = (rows: Tensor, last: Tensor): Tensor =>
  cat([rows.narrow(1, 0, rows.shape[1]! - 1), last.unsqueeze(-1)], 1);

/** Restricts the policy to the top tokens, the sampled one among them. */
export function restrictToTop({ ids, logprobs, sampled, sampledLogprobs }: TopTokens): LastLayer {
  const last = ids.shape[1]! - 1;
  const isMissing = ids.eq(sampled.unsqueeze(-1)).sum(-1).eq(0); // [N]
  const kept = withLast(ids, where(isMissing, sampled, ids.select(1, last)));
  const logits = withLast(logprobs, where(isMissing, sampledLogprobs, logprobs.select(1, last)));
  const probabilities = logits.softmax(-1);
  const chosen = kept.eq(sampled.unsqueeze(-1)).to({ dtype: probabilities.dtype });
  return { ids: kept, probabilities, residual: chosen.sub(probabilities) };
}
