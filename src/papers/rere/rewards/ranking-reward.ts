import { groupReward, type Reward } from '../../../rewards/index.ts';
import { targetColumns, wantedTokens } from '../next-item-columns.ts';
import { hits, ruleReward } from './rule-reward.ts';

/**
 * How much a wrong completion costs at each place k of a group of G, first place first; the sum is 1.
 *   w_k = (1 / log₂(k + 2)) / Σ_j 1 / log₂(j + 2),   k, j = 0 … G − 1
 */
export function rankWeights(groupSize: number): number[] {
  const gains = Array.from({ length: groupSize }, (_, k) => 1 / Math.log2(k + 2));
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  return gains.map((gain) => gain / total);
}

/**
 * The rank penalty of each completion: −w_k where it is wrong, 0 where it is the target; all 0 where the target is not
 * in the group, which then says nothing about the order of the others.
 */
export function rankPenalties(isHit: readonly boolean[]): number[] {
  if (!isHit.includes(true)) return isHit.map(() => 0);
  const weights = rankWeights(isHit.length);
  return isHit.map((hit, k) => (hit ? 0 : -weights[k]!));
}

/** The rank penalty alone. Groups must be in the order of the sampler: a beam search's, likeliest first. */
export const rankPenaltyReward = (): Reward => ({
  ...groupReward('rank_penalty', (_, { tokens, columns }) =>
    rankPenalties(hits(tokens, wantedTokens(columns))),
  ),
  columns: targetColumns,
});

/** The paper's reward, R_rule + R_rank: two rewards of weight 1, so that metrics show each. */
export const rankingRewards = (): Reward[] => [ruleReward(), rankPenaltyReward()];
