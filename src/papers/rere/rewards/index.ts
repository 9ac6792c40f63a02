export { collaborativeReward, type ItemScorer } from './collaborative-reward.ts';
export { type ItemSimilarity, tfidfSimilarity, vectorSimilarity } from './item-similarity.ts';
export { namedRewards, type RewardMatter, type RewardName, rewardNames } from './named-rewards.ts';
export {
  rankingRewards,
  rankPenalties,
  rankPenaltyReward,
  rankWeights,
} from './ranking-reward.ts';
export { ruleReward } from './rule-reward.ts';
export { semanticReward } from './semantic-reward.ts';
