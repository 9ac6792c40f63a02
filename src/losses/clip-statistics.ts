import { type Tensor, where } from '../tensor/index.ts';
import {
  extremeStatistic,
  meanStatistic,
  type Statistic,
  type Statistics,
  tokenStatistic,
} from './statistics.ts';
import type { SurrogateTerms } from './surrogate.ts';

type Counted = Pick<SurrogateTerms, 'completionMask' | 'unit' | 'advantages'>;

/** Share of trained tokens flagged, per sequence [B]; `empty` where a sequence has none. */
function shareBySequence(flags: Tensor, completionMask: Tensor, empty: number): Tensor {
  const trained = completionMask.sum(-1);
  const share = flags.mul(completionMask.ne(0)).sum(-1).div(trained.clamp(1));
  return where(trained.eq(0), empty, share);
}

/** Share of ratios flagged: of tokens, or of sequences where one ratio belongs to a sequence. */
export function flaggedShare(flags: Tensor, { completionMask, unit }: Counted): Statistic {
  if (unit === 'token') return tokenStatistic(flags.to({ dtype: 'float64' }), completionMask);
  const share = shareBySequence(flags, completionMask, 0);
  return meanStatistic(share, share.eq(share).sum());
}

/** TRL's `clip_ratio/*` from what was clipped below (A < 0) and above (A > 0), both bool [B, T]. */
export function clipStatistics(low: Tensor, high: Tensor, terms: Counted): Statistics {
  const { completionMask } = terms;
  return {
    'clip_ratio/low_mean': flaggedShare(low, terms),
    'clip_ratio/high_mean': flaggedShare(high, terms),
    'clip_ratio/region_mean': flaggedShare(low.logicalOr(high), terms),
    'clip_ratio/low_min': extremeStatistic('min', shareBySequence(low, completionMask, Infinity)),
    'clip_ratio/high_max': extremeStatistic(
      'max',
      shareBySequence(high, completionMask, -Infinity),
    ),
  };
}
