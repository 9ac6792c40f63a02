/**
 * Laurel: train language-model policies by reward, from TypeScript. This is what most programs need; the rooms below
 * it have entries of their own: laurel/tensor, laurel/models, laurel/losses, laurel/advantages, laurel/batches,
 * laurel/optim, laurel/metrics, laurel/runs, laurel/papers/likelihood.
 */
export * from './data/index.ts';
export * from './errors.ts';
export {
  capoTokenFilter,
  headAdamStepModel,
  SparseAdam,
  sgdStepModel,
} from './papers/capo/index.ts';
export * from './policy/index.ts';
export {
  accuracyReward,
  type CompletionContext,
  completionReward,
  cosineScaledReward,
  equalAnswers,
  exactMatchReward,
  extractAnswer,
  formatReward,
  groupReward,
  moduleReward,
  type Reward,
  type RewardContext,
  type RewardFunction,
  type RewardLike,
  reasoningAccuracyReward,
  repetitionPenaltyReward,
  scoreAnswer,
  scoreGroups,
  softOverlongPunishment,
  thinkFormatReward,
  weighted,
} from './rewards/index.ts';
export * from './rollouts/index.ts';
export { Generator, setThreadCount, threadCount } from './tensor/index.ts';
export * from './tokenizers/index.ts';
export * from './trainers/index.ts';
export type * from './types.ts';
