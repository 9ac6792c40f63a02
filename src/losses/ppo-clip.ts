import { minimum, noGrad } from '../tensor/index.ts';
import { clipStatistics } from './clip-statistics.ts';
import type { Surrogate } from './surrogate.ts';

export interface PpoClipOptions {
  /** ε: how far the ratio may fall below 1 before its gradient is cut off. */
  readonly clipRange?: number;
  /** ε_high: how far it may rise above 1; ε unless given. */
  readonly clipRangeHigh?: number;
  /** δ: the largest ratio under a negative advantage, which clipping otherwise leaves open; none unless given. */
  readonly ratioCeiling?: number;
}

/**
 * PPO's clipped surrogate, negated so that it is minimised.
 *   L_t = −min(min(r_t, δ) Â_t, clip(r_t, 1−ε, 1+ε_high) Â_t)
 * Schulman et al. 2017, arXiv:1707.06347v2, Eq. 7; ε_high is the clip-higher of DAPO, Yu et al. 2025,
 * arXiv:2503.14476; δ the two-sided clip of INTELLECT-2, 2025, arXiv:2505.07291.
 */
export const ppoClip =
  ({ clipRange = 0.2, clipRangeHigh = clipRange, ratioCeiling }: PpoClipOptions = {}): Surrogate =>
  (terms) => {
    const { advantages } = terms;
    const ratio =
      ratioCeiling === undefined ? terms.ratio : terms.ratio.clamp(undefined, ratioCeiling);
    const clipped = terms.ratio.clamp(1 - clipRange, 1 + clipRangeHigh).mul(advantages);
    return {
      perToken: minimum(ratio.mul(advantages), clipped).neg(),
      statistics: noGrad(() =>
        clipStatistics(
          ratio.less(1 - clipRange).logicalAnd(advantages.less(0)),
          ratio.greater(1 + clipRangeHigh).logicalAnd(advantages.greater(0)),
          terms,
        ),
      ),
    };
  };
