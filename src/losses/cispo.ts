import { noGrad } from '../tensor/index.ts';
import { flaggedShare } from './clip-statistics.ts';
import type { Surrogate } from './surrogate.ts';

export interface CispoOptions {
  /** ε_max: the largest weight a token may get. */
  readonly maxRatio?: number;
}

/**
 * Clips the importance weight and not the update: every token keeps a gradient.
 *   L_t = −sg(min(r_t, ε_max)) Â_t log π_θ(o_t)
 * MiniMax 2025 (CISPO), arXiv:2506.13585; bounded above only, with ε_max = 5, as in ScaleRL, Khatri et al. 2025,
 * arXiv:2510.13786.
 */
export const cispo =
  ({ maxRatio = 5 }: CispoOptions = {}): Surrogate =>
  (terms) => {
    const { ratio, advantages, logprobs } = terms;
    const weight = ratio.detach().clamp(undefined, maxRatio);
    return {
      perToken: weight.mul(advantages).mul(logprobs).neg(),
      statistics: noGrad(() => ({
        cispo_clip_ratio: flaggedShare(
          ratio.greater(maxRatio).logicalAnd(advantages.greater(0)),
          terms,
        ),
      })),
    };
  };
