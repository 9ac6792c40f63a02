export { type AverageTopK, type AverageTopKOptions, averageTopK } from './average-top-k.ts';
export { BranchState, type BranchStateOptions } from './branch-state.ts';
export {
  type ConstrainedDistribution,
  type SetValues,
  setLogprobs,
  setLogprobsOf,
} from './constrained-step.ts';
export { DecodeState } from './decode-state.ts';
export { evaluateLoss } from './evaluate-loss.ts';
export { type NewModelOptions, newModelConfig } from './new-model-config.ts';
export { type Learner, optimiserStep, type Trainee, type UpdateResult } from './optimiser-step.ts';
export {
  type CreatePolicyOptions,
  type LoadPolicyOptions,
  Policy,
  type SampleOptions,
  type ScoreCompletionsOptions,
} from './policy.ts';
export { RewardModel, type ScoreTextsOptions } from './reward-model.ts';
export {
  type RewardModelRewardOptions,
  rewardModel,
  type ScoreCompletionsByModelOptions,
  scoreCompletions,
} from './reward-model-reward.ts';
export { assertRoomForCompletions, type SampleRequest, sampleCompletions } from './sample.ts';
export {
  cutsVocabulary,
  type LogprobDistribution,
  type ResolvedSampling,
  resolveSampling,
  type SamplingOptions,
} from './sampling-options.ts';
export { headOf, type ScoreOptions, type SequenceScores, scoreSequences } from './score.ts';
export { stepSeed } from './step-seed.ts';
export { type TextTokensOptions, textTokens } from './text-tokens.ts';
export type { TokenConstraint } from './token-constraint.ts';
export type {
  HeadMoments,
  OfferedTokens,
  TokenFilter,
  TokenFilterNeeds,
} from './token-filter.ts';
export { type BatchLoss, forwardBackward, type UpdateOptions, update } from './update.ts';
export {
  evaluatePairs,
  type PairLossOptions,
  type TextPair,
  type UpdateRewardsOptions,
  updateRewards,
} from './update-rewards.ts';
