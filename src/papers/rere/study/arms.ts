import type { ItemLanguage, RecommendationData } from '../../../recommendation/index.ts';
import type { Reward } from '../../../rewards/index.ts';
import { rankingRewards, ruleReward, semanticReward, tfidfSimilarity } from '../index.ts';
import type { SamplerName } from '../samplers/index.ts';

interface RewardArmKind {
  readonly title: string;
  readonly sampler: SamplerName;
  readonly reward: 'rule' | 'ranking' | 'semantic';
  /** `new`: those of validation, so that no checkpoint is chosen; else the start's own. */
  readonly questions?: 'new';
}

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
  'rere-new': {
    title: '+ ReRe on questions that the start has not learned',
    sampler: 'beam',
    reward: 'ranking',
    questions: 'new',
  },
} as const satisfies Readonly<Record<string, RewardArmKind>>;

export type RewardArm = keyof typeof rewardArms;

/** The control of `rere-new`: as many of the same questions, learned as before. */
export const SUPERVISED_NEW = 'supervised-new';

export const isRewardArm = (arm: string): arm is RewardArm => arm in rewardArms;

/** Whether an arm goes on from the supervised one. */
export const goesOn = (arm: string): boolean => isRewardArm(arm) || arm === SUPERVISED_NEW;

/** Whether an arm learns the questions of validation, which then say nothing of it. */
export const learnsNew = (arm: string): boolean =>
  arm === SUPERVISED_NEW || (isRewardArm(arm) && 'questions' in rewardArms[arm]);

export const armTitles: Readonly<Record<string, string>> = {
  popularity: 'Popularity',
  sasrec: 'SASRec, cross-entropy over all items',
  supervised: 'Supervised, constrained beam search',
  ...Object.fromEntries(Object.entries(rewardArms).map(([name, { title }]) => [name, title])),
  [SUPERVISED_NEW]: '+ supervised, on those questions',
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
