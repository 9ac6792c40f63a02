export { columnsOf, type NextItemColumns, wantedItem, wantedTokens } from './next-item-columns.ts';
export * from './rewards/index.ts';
export * from './samplers/index.ts';
export {
  type RewardedRecommenderTraining,
  rereDefaults,
  rewardedPrompts,
  trainRecommenderByReward,
} from './train-by-reward.ts';
