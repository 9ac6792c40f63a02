import { ConfigError } from '../errors.ts';
import { completionReward } from './lift.ts';
import type { Reward } from './types.ts';

export interface RepetitionPenaltyOptions {
  /** Tokens per n-gram. */
  readonly ngramSize?: number;
  /** Approached by a completion that only repeats itself; at most 0. */
  readonly maxPenalty?: number;
}

/**
 * Penalises repeated n-grams of tokens.
 *   R = (1 − unique n-grams / all n-grams) · p
 * Yeo et al. 2025, arXiv:2502.03373, Appendix C.2, as in TRL 1.13 `get_repetition_penalty_reward`.
 * @throws ConfigError for a positive penalty.
 */
export function repetitionPenaltyReward({
  ngramSize = 3,
  maxPenalty = -1,
}: RepetitionPenaltyOptions = {}): Reward {
  if (maxPenalty > 0) {
    throw new ConfigError(
      `repetitionPenaltyReward: maxPenalty is ${maxPenalty}, expected at most 0`,
    );
  }
  return completionReward('repetition_penalty_reward', (_completion, _example, context) => {
    const tokens = context.completionTokens;
    const total = tokens.length - ngramSize + 1;
    if (total < 1) return 0;
    const unique = new Set<string>();
    for (let i = 0; i < total; i++) unique.add(tokens.slice(i, i + ngramSize).join(' '));
    return unique.size === total ? 0 : (1 - unique.size / total) * maxPenalty;
  });
}
