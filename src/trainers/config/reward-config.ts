import { type ConfigInput, type ConfigOf, defineConfig } from '../../config/index.ts';
import { backwardOptions } from './backward-options.ts';
import { batchingOptions } from './batching-options.ts';
import { checkpointOptions } from './checkpoint-options.ts';
import { checkModel, checkSchedule } from './checks.ts';
import { datasetOptions } from './dataset-options.ts';
import { evaluationOptions } from './evaluation-options.ts';
import {
  commonForeignOptions,
  rewardModelForeignOptions,
  valueSpellings,
} from './foreign-options.ts';
import { loggingOptions } from './logging-options.ts';
import { modelOptions } from './model-options.ts';
import { optimiserOptions } from './optimiser-options.ts';
import { rewardModelOptions } from './reward-model-options.ts';

const trainerGroups = {
  rewardModel: rewardModelOptions,
  optimiser: optimiserOptions({ learningRate: 1e-4 }),
  batching: batchingOptions({ unit: 'pairs' }),
  backward: backwardOptions({ disableDropout: true }),
  evaluation: evaluationOptions,
  checkpoints: checkpointOptions,
  logging: loggingOptions,
};

const shared = {
  name: 'reward',
  summary: 'Reward model: score texts so that the better of two gets more (Bradley–Terry).',
  foreign: { ...commonForeignOptions, ...rewardModelForeignOptions },
  spellings: valueSpellings,
};

/** What the reward-model trainer reads; TypeScript passes model and examples as values. */
export const rewardOptions = defineConfig({
  ...shared,
  groups: trainerGroups,
  check: (config) => checkSchedule(config),
});

/** What `laurel reward` reads: the trainer's options and where model and rows come from. */
export const rewardConfig = defineConfig({
  ...shared,
  groups: { model: modelOptions, dataset: datasetOptions, ...trainerGroups },
  check: (config) => [...checkModel(config), ...checkSchedule(config)],
});

/** Resolved options of the reward-model trainer. */
export type RewardOptions = ConfigOf<typeof rewardOptions>;
/** What a caller of the reward-model trainer may write. */
export type RewardOptionsInput = ConfigInput<typeof rewardOptions>;
/** Resolved configuration of `laurel reward`. */
export type RewardConfig = ConfigOf<typeof rewardConfig>;
