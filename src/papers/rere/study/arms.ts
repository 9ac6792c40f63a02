import type { ItemLanguage, RecommendationData } from '../../../recommendation/index.ts';
import type { Reward } from '../../../rewards/index.ts';
import { rankingRewards, ruleReward, semanticReward, tfidfSimilarity } from '../index.ts';
import type { SamplerName } from '../samplers/index.ts';

/** The reward-trained arms, by the names of their cells. */
export const rewardArms = {
  'grpo-iid': { title: '+ GRPO, i.i.d. samples, rule reward', sampler: 'iid', reward: 'rule' },
  'grpo-beam': { title: '+ GRPO, beam search, rule reward', sampler: 'beam', reward: 'rule' },
  rere: { title: '+ ReRe: beam search, ranking reward', sampler: 'beam', reward: 'ranking' },
  'rere-dynamic': {
    title: '+ dynamic sampling, ranking reward',
    sampler: 'dynamic',
    reward: 'ranking',
  },
  'semantic-reward': {
    title: '+ beam search, semantic reward',
    sampler: 'beam',
    reward: 'semantic',
  },
} as const satisfies Readonly<
  Record<string, { title: string; sampler: SamplerName; reward: 'rule' | 'ranking' | 'semantic' }>
>;

export type RewardArm = keyof typeof rewardArms;

/** Whether an arm starts from the supervised one. */
export const isRewardArm = (arm: string): arm is RewardArm => arm in rewardArms;

export const armTitles: Readonly<Record<string, string>> = {
  popularity: 'Popularity',
  sasrec: 'SASRec, cross-entropy over all items',
  supervised: 'Supervised, constrained beam search',
  ...Object.fromEntries(Object.entries(rewardArms).map(([name, { title }]) => [name, title])),
};

export function rewardOf(
  arm: RewardArm,
  { data, language }: { data: RecommendationData; language: ItemLanguage },
): Reward[] {
  const { reward } = rewardArms[arm];
  if (reward === 'ranking') return rankingRewards();
  return reward === 'rule'
    ? [ruleReward()]
    : [semanticReward(language, tfidfSimilarity(data.items))];
}
