import {
  type CheckProblem,
  type ConfigInput,
  type ConfigOf,
  defineConfig,
} from '../../config/index.ts';
import { adapterOptions, checkAdapters } from './adapter-options.ts';
import { backwardOptions } from './backward-options.ts';
import { batchingOptions } from './batching-options.ts';
import { checkpointOptions } from './checkpoint-options.ts';
import { checkGroups, checkModel, checkRewards, checkSchedule } from './checks.ts';
import { datasetOptions } from './dataset-options.ts';
import { evaluationOptions } from './evaluation-options.ts';
import { commonForeignOptions, groupForeignOptions, valueSpellings } from './foreign-options.ts';
import { generationOptions } from './generation-options.ts';
import { completionLoggingOptions, loggingOptions } from './logging-options.ts';
import { modelOptions } from './model-options.ts';
import { checkMonitor, monitorOptions } from './monitor-options.ts';
import { optimiserOptions } from './optimiser-options.ts';
import { policyLossOptions } from './policy-loss-options.ts';
import { rewardOptions, rewardSourceOptions } from './reward-options.ts';
import { tokenFilterOptions } from './token-filter-options.ts';

const trainerGroups = {
  generation: generationOptions,
  rewards: rewardOptions,
  loss: policyLossOptions,
  optimiser: optimiserOptions({ learningRate: 1e-6 }),
  batching: batchingOptions({ unit: 'completions' }),
  backward: backwardOptions({ disableDropout: false }),
  evaluation: evaluationOptions,
  checkpoints: checkpointOptions,
  logging: loggingOptions,
  completions: completionLoggingOptions,
};

/** Where model, rows and rewards come from, and the trainer's options: what a command of this trainer reads. */
export const grpoGroups = {
  model: modelOptions,
  adapters: adapterOptions,
  dataset: datasetOptions,
  rewardSource: rewardSourceOptions,
  ...trainerGroups,
  monitor: monitorOptions,
};

/** TRL's options that have no meaning here, and its spellings of values. */
export const grpoNames = {
  foreign: { ...commonForeignOptions, ...groupForeignOptions },
  spellings: valueSpellings,
};

const shared = {
  name: 'grpo',
  summary:
    'Reinforcement learning: sample groups of completions, score them, raise the better ones.',
  ...grpoNames,
};

/** What the policy-gradient trainer reads; TypeScript passes model, prompts and rewards as values. */
export const grpoOptions = defineConfig({
  ...shared,
  groups: trainerGroups,
  check: (config) => [...checkGroups(config), ...checkSchedule(config)],
});

type CheckedConfig = Parameters<typeof checkModel>[0] &
  Parameters<typeof checkAdapters>[0] &
  Parameters<typeof checkRewards>[0] &
  Parameters<typeof checkGroups>[0] &
  Parameters<typeof checkSchedule>[0] &
  Parameters<typeof checkMonitor>[0];

/** What several options of a command of this trainer must agree on. */
export const checkGrpo = (config: CheckedConfig): CheckProblem[] => [
  ...checkModel(config),
  ...checkAdapters(config),
  ...checkRewards(config),
  ...checkGroups(config),
  ...checkSchedule(config),
  ...checkMonitor(config),
];

/** What `laurel grpo` reads: the trainer's options and where model, rows and rewards come from. */
export const grpoConfig = defineConfig({
  ...shared,
  groups: { ...grpoGroups, tokenFilter: tokenFilterOptions },
  check: checkGrpo,
});

/** Resolved options of the policy-gradient trainer. */
export type GrpoOptions = ConfigOf<typeof grpoOptions>;
/** What a caller of the policy-gradient trainer may write. */
export type GrpoOptionsInput = ConfigInput<typeof grpoOptions>;
/** Resolved configuration of `laurel grpo`. */
export type GrpoConfig = ConfigOf<typeof grpoConfig>;
