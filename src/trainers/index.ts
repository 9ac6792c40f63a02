export { assertRewardColumns } from './assert-reward-columns.ts';
export type { StepArithmetic } from './config/index.ts';
export { type EvaluateRewardsOptions, evaluateRewards } from './evaluate-rewards.ts';
export { diversityMetrics, measureCompletions } from './monitor/measure-completions.ts';
export { type HeldOutPair, meanLikelihood, measurePairs } from './monitor/measure-pairs.ts';
export { type MonitorOptions, monitor } from './monitor/monitor.ts';
export type { MonitorSettings } from './monitor/monitor-settings.ts';
export type {
  Detection,
  Observation,
  TurnDetector,
  TurningPoint,
} from './monitor/turn-detector.ts';
export type { WinOptions } from './monitor/win-meter.ts';
export type { MeasureGroups } from './policy-gradient-task.ts';
export {
  assertPromptsFit,
  type PolicyGradientTraining,
  type PolicyPrompt,
  trainPolicyGradient,
} from './policy-gradient-trainer.ts';
export {
  type PairOptions,
  type PreferencePair,
  preferencePair,
  type TokensPreference,
} from './preference-pair.ts';
export { type PreferenceTraining, trainPreference } from './preference-trainer.ts';
export type { ScoredGroups } from './record-keeper.ts';
export {
  type RewardPairOptions,
  type RewardPairs,
  rewardPair,
  rewardPairs,
} from './reward-pair.ts';
export { type RewardTraining, trainRewardModel } from './reward-trainer.ts';
export { rowsFingerprint } from './rows-fingerprint.ts';
export { encodeRows, rowLayout, type SupervisedRow, tokensOf } from './supervised-rows.ts';
export type { MarkedText, SupervisedExample, TokensExample } from './supervised-sequences.ts';
export { type SequenceOptions, supervisedSequence } from './supervised-sequences.ts';
export { type SupervisedTraining, trainSupervised } from './supervised-trainer.ts';
export type { CallbackContext, StopRequest, TrainerCallback } from './trainer-callback.ts';
export {
  type OnTrainerEvent,
  type TrainerEvent,
  type TrainerHooks,
  type TrainResult,
  takeHooks,
} from './trainer-events.ts';
export { runTraining } from './training-loop.ts';
export type {
  LoopOptions,
  LoopStart,
  OwnKeeper,
  StepContext,
  StepOutcome,
  TrainingTask,
} from './training-task.ts';
