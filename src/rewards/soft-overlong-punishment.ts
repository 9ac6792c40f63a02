import { completionReward } from './lift.ts';
import type { Reward } from './types.ts';

export interface SoftOverlongOptions {
  /** L_max: completions longer than this get −1. */
  readonly maxCompletionTokens: number;
  /** L_cache: the last tokens before the limit, over which the punishment grows. */
  readonly softPunishTokens: number;
}

/**
 * Punishes completions that come close to the length limit, linearly, and those past it fully.
 *   R = 0                                 |y| ≤ L_max − L_cache
 *   R = (L_max − L_cache − |y|) / L_cache  L_max − L_cache < |y| ≤ L_max
 *   R = −1                                L_max < |y|
 * Yu et al. 2025 (DAPO), arXiv:2503.14476, Eq. 13, as in TRL 1.13 `get_soft_overlong_punishment`.
 */
export function softOverlongPunishment({
  maxCompletionTokens,
  softPunishTokens,
}: SoftOverlongOptions): Reward {
  const free = maxCompletionTokens - softPunishTokens;
  return completionReward('soft_overlong_punishment_reward', (_completion, _example, context) => {
    const length = context.completionTokens.length;
    if (length <= free) return 0;
    return length <= maxCompletionTokens ? (free - length) / softPunishTokens : -1;
  });
}
