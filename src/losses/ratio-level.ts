import type { Tensor } from '../tensor/index.ts';

/** What shares one importance ratio, and how it follows from the log ratios of the tokens. */
export interface RatioLevel {
  /** What one ratio, and one clipping decision, belongs to. */
  readonly unit: 'token' | 'sequence';
  /** Log of the ratio of every token [B, T], from the tokens' own log ratios [B, T], which are 0 where masked. */
  readonly logRatio: (tokenLogRatio: Tensor, completionMask: Tensor) => Tensor;
}

/** A ratio per token, as in PPO and GRPO: r_t = π_θ(o_t) / π_old(o_t). */
export const tokenRatio: RatioLevel = { unit: 'token', logRatio: (tokenLogRatio) => tokenLogRatio };

/**
 * One ratio per sequence, the geometric mean of its tokens'.
 *   s = (π_θ(o) / π_old(o))^(1/|o|)
 * Zheng et al. 2025 (GSPO), arXiv:2507.18071.
 */
export const sequenceMeanRatio: RatioLevel = {
  unit: 'sequence',
  logRatio: (tokenLogRatio, completionMask) =>
    tokenLogRatio
      .sum(-1, { keepDim: true })
      .div(completionMask.sum(-1, { keepDim: true }).clamp(1))
      .expand(tokenLogRatio.shape),
};

/** One ratio per sequence, the product of its tokens': π_θ(o) / π_old(o). RLOO's. */
export const sequenceRatio: RatioLevel = {
  unit: 'sequence',
  logRatio: (tokenLogRatio) => tokenLogRatio.sum(-1, { keepDim: true }).expand(tokenLogRatio.shape),
};

/** TRL's `importance_sampling_level`. */
export const ratioLevels = { token: tokenRatio, sequence: sequenceMeanRatio } as const;
