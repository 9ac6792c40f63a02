import { ShapeError } from '../errors.ts';
import { cat, linear, noGrad, type Tensor, tidy } from '../tensor/index.ts';
import { chunkSizes, forEachRange, rowsOf } from './chunked-logprobs.ts';

/** How a next-token distribution spreads over its k likeliest tokens. Each [N], without gradient. */
export interface TopKStatistics {
  /** −Σ p_i log₂ p_i over the k likeliest, as the model has them, in bits. */
  readonly entropy: Tensor;
  /** The same of p_i / M_k, which add up to 1: at most log₂ k bits. */
  readonly renormalizedEntropy: Tensor;
  /** M_k = Σ p_i over the k likeliest. */
  readonly mass: Tensor;
}

export interface TopKOptions {
  /** Tokens counted; all of a smaller vocabulary. */
  readonly k?: number;
  /** Rows whose logits exist at one time; by default as many as keep them under 2²¹ numbers. */
  readonly chunkRows?: number;
}

/** e^−700 is the smallest probability that float64 still tells from 0; 0 · −700 is 0 where 0 · −∞ is not. */
const LOWEST_LOGPROB = -700;

const bits = (logprobs: Tensor): Tensor =>
  logprobs
    .exp()
    .mul(logprobs.clamp(LOWEST_LOGPROB))
    .sum(-1)
    .mul(-1 / Math.LN2);

/**
 * Entropy over the k likeliest next tokens and their probability mass.
 *   H_k = −Σ_{i≤k} p_i log₂ p_i,   M_k = Σ_{i≤k} p_i
 * Shi et al. 2024, arXiv:2410.11677, with k = 10. Whether p_i is renormalised within the k is not said there: both are
 * returned. They are bound by H_k = M_k (H'_k − log₂ M_k), H'_k the renormalised one.
 * @param logits - [N, V]
 */
export function topKStatistics(
  logits: Tensor,
  { k = 10 }: Pick<TopKOptions, 'k'> = {},
): TopKStatistics {
  const wide = logits.dtype === 'float64' ? logits : logits.to({ dtype: 'float32' });
  const [largest] = wide.topk(Math.min(k, wide.shape[1]!));
  const logprobs = largest.sub(wide.logsumexp(-1, { keepDim: true }));
  return {
    entropy: bits(logprobs),
    renormalizedEntropy: bits(largest.logSoftmax(-1)),
    mass: logprobs.exp().sum(-1),
  };
}

/**
 * `topKStatistics` of hidden states [N, C] times the output head [V, C], without ever holding all logits.
 * @throws ShapeError
 */
export function chunkedTopKStatistics(
  hidden: Tensor,
  head: Tensor,
  { k = 10, chunkRows }: TopKOptions = {},
): TopKStatistics {
  if (hidden.rank !== 2 || head.rank !== 2 || hidden.shape[1] !== head.shape[1]) {
    const found = [hidden, head].map(({ shape }) => `[${shape.join(', ')}]`).join(', ');
    throw new ShapeError(
      `chunkedTopKStatistics: expected hidden [N, C], head [V, C]; found ${found}`,
    );
  }
  const { block } = chunkSizes(head.shape[0]!, { blockTokens: chunkRows });
  return noGrad(() =>
    tidy(() => {
      const parts = forEachRange(hidden.shape[0]!, block, (range) =>
        topKStatistics(linear(rowsOf(hidden, range), head), { k }),
      );
      const joined = (key: keyof TopKStatistics) => cat(parts.map((part) => part[key]));
      return {
        entropy: joined('entropy'),
        renormalizedEntropy: joined('renormalizedEntropy'),
        mass: joined('mass'),
      };
    }),
  );
}
