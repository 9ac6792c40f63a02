export { adapterOptions, checkAdapters } from './adapter-options.ts';
export { backwardOptions } from './backward-options.ts';
export {
  type GroupArithmetic,
  groupArithmetic,
  type StepArithmetic,
  type SupervisedArithmetic,
  supervisedArithmetic,
} from './batch-arithmetic.ts';
export { batchingOptions } from './batching-options.ts';
export { checkpointOptions } from './checkpoint-options.ts';
export { checkSchedule } from './checks.ts';
export { datasetOptions } from './dataset-options.ts';
export {
  type DpoConfig,
  type DpoOptions,
  type DpoOptionsInput,
  dpoConfig,
  dpoOptions,
} from './dpo-config.ts';
export { evaluationOptions } from './evaluation-options.ts';
export { drawingFields, generationOptions } from './generation-options.ts';
export {
  checkGrpo,
  type GrpoConfig,
  type GrpoOptions,
  type GrpoOptionsInput,
  grpoConfig,
  grpoGroups,
  grpoNames,
  grpoOptions,
} from './grpo-config.ts';
export { completionLoggingOptions, loggingOptions } from './logging-options.ts';
export { modelOptions } from './model-options.ts';
export { optimiserOptions } from './optimiser-options.ts';
export { policyLossOptions } from './policy-loss-options.ts';
export {
  type RewardConfig,
  type RewardOptions,
  type RewardOptionsInput,
  rewardConfig,
  rewardOptions,
} from './reward-config.ts';
export { rewardOptions as rewardScoringOptions, rewardSourceOptions } from './reward-options.ts';
export {
  type SftConfig,
  type SftOptions,
  type SftOptionsInput,
  sftConfig,
  sftOptions,
} from './sft-config.ts';
