export { type AccuracyOptions, accuracyReward, scoreAnswer } from './accuracy-reward.ts';
export { type CosineScaledOptions, cosineScaledReward } from './cosine-scaled-reward.ts';
export { type ExactMatchOptions, exactMatchReward } from './exact-match-reward.ts';
export { type FormatOptions, formatReward } from './format-reward.ts';
export { groupOfTexts } from './group-of-texts.ts';
export { completionReward, groupReward, liftReward } from './lift.ts';
export { equalAnswers } from './math/equal-answers.ts';
export { extractAnswer } from './math/extract-answer.ts';
export { type ModuleReward, type ModuleRewardOptions, moduleReward } from './module-reward.ts';
export {
  type ReasoningAccuracyOptions,
  reasoningAccuracyReward,
} from './reasoning-accuracy-reward.ts';
export {
  type RepetitionPenaltyOptions,
  repetitionPenaltyReward,
} from './repetition-penalty-reward.ts';
export {
  type GroupScores,
  type RewardFailures,
  type ScoreOptions,
  scoreGroups,
} from './score-groups.ts';
export { type SoftOverlongOptions, softOverlongPunishment } from './soft-overlong-punishment.ts';
export { summarizeRewards } from './summarize-rewards.ts';
export { thinkFormatReward } from './think-format-reward.ts';
export type {
  Attempt as RewardAttempt,
  AttemptOptions as RewardAttemptOptions,
  CompletionContext,
  GroupRewardFunction,
  MaybePromise,
  MissingKind,
  Reward,
  RewardContext,
  RewardFunction,
  RewardLike,
} from './types.ts';
export { type WeightedRewards, weighted, weightedTotal } from './weighted.ts';
