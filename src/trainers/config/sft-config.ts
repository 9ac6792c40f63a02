import { type ConfigInput, type ConfigOf, defineConfig } from '../../config/index.ts';
import { adapterOptions, checkAdapters } from './adapter-options.ts';
import { backwardOptions } from './backward-options.ts';
import { batchingOptions } from './batching-options.ts';
import { checkpointOptions } from './checkpoint-options.ts';
import { checkModel, checkPacking, checkSchedule } from './checks.ts';
import { datasetOptions } from './dataset-options.ts';
import { evaluationOptions } from './evaluation-options.ts';
import {
  commonForeignOptions,
  supervisedForeignOptions,
  valueSpellings,
} from './foreign-options.ts';
import { loggingOptions } from './logging-options.ts';
import { modelOptions } from './model-options.ts';
import { checkMonitor, monitorOptions } from './monitor-options.ts';
import { optimiserOptions } from './optimiser-options.ts';
import { supervisedOptions } from './supervised-options.ts';

const trainerGroups = {
  supervised: supervisedOptions,
  optimiser: optimiserOptions({ learningRate: 2e-5 }),
  batching: batchingOptions({ unit: 'examples' }),
  backward: backwardOptions({ disableDropout: false }),
  evaluation: evaluationOptions,
  checkpoints: checkpointOptions,
  logging: loggingOptions,
};

const shared = {
  name: 'sft',
  summary: 'Supervised training: raise the likelihood of given text.',
  foreign: { ...commonForeignOptions, ...supervisedForeignOptions },
  spellings: valueSpellings,
};

/** What the supervised trainer reads; TypeScript passes model and examples as values. */
export const sftOptions = defineConfig({
  ...shared,
  groups: trainerGroups,
  check: (config) => [...checkPacking(config), ...checkSchedule(config)],
});

/** What `laurel sft` reads: the trainer's options and where model and rows come from. */
export const sftConfig = defineConfig({
  ...shared,
  groups: {
    model: modelOptions,
    adapters: adapterOptions,
    dataset: datasetOptions,
    ...trainerGroups,
    monitor: monitorOptions,
  },
  check: (config) => [
    ...checkModel(config),
    ...checkAdapters(config),
    ...checkPacking(config),
    ...checkSchedule(config),
    ...checkMonitor(config),
  ],
});

/** Resolved options of the supervised trainer. */
export type SftOptions = ConfigOf<typeof sftOptions>;
/** What a caller of the supervised trainer may write. */
export type SftOptionsInput = ConfigInput<typeof sftOptions>;
/** Resolved configuration of `laurel sft`. */
export type SftConfig = ConfigOf<typeof sftConfig>;
