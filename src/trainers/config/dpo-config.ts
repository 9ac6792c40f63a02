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
import { checkModel, checkSchedule } from './checks.ts';
import { datasetOptions } from './dataset-options.ts';
import { evaluationOptions } from './evaluation-options.ts';
import {
  commonForeignOptions,
  preferenceForeignOptions,
  valueSpellings,
} from './foreign-options.ts';
import { loggingOptions } from './logging-options.ts';
import { modelOptions } from './model-options.ts';
import { checkMonitor, monitorOptions } from './monitor-options.ts';
import { optimiserOptions } from './optimiser-options.ts';
import { preferenceLossTypes, preferenceOptions } from './preference-options.ts';

const trainerGroups = {
  preference: preferenceOptions,
  optimiser: optimiserOptions({ learningRate: 1e-6 }),
  batching: batchingOptions({ unit: 'pairs' }),
  backward: backwardOptions({ disableDropout: true }),
  evaluation: evaluationOptions,
  checkpoints: checkpointOptions,
  logging: loggingOptions,
};

const shared = {
  name: 'dpo',
  summary: 'Preference training: prefer the better of two completions (DPO, IPO, hinge).',
  foreign: { ...commonForeignOptions, ...preferenceForeignOptions },
  spellings: {
    ...valueSpellings,
    // One loss may be written without its list.
    loss_type: new Map<unknown, unknown>(preferenceLossTypes.map((name) => [name, [name]])),
  },
};

interface LossOptions {
  lossType: readonly string[];
  lossWeights: readonly number[] | null;
  labelSmoothing: number;
  precomputeRefLogProbs: boolean;
  syncRefModel: boolean;
}

const smoothed = ['sigmoid', 'sigmoid_norm', 'robust'];

/** As many weights as losses, smoothing only where a loss has it, and a reference that moves only where it is kept. */
function checkPreference(config: LossOptions): CheckProblem[] {
  const { lossType, lossWeights, labelSmoothing, precomputeRefLogProbs, syncRefModel } = config;
  const problems: CheckProblem[] = [];
  if (lossWeights !== null && lossWeights.length !== lossType.length) {
    const message = `expected ${lossType.length} weights, one for each of ${lossType.join(', ')}, found ${lossWeights.length}`;
    problems.push({ at: 'lossWeights', message });
  }
  if (labelSmoothing > 0 && !lossType.some((name) => smoothed.includes(name))) {
    const message = `has no effect on ${lossType.join(', ')}; set it to 0, or loss_type to one of ${smoothed.join(', ')}`;
    problems.push({ at: 'labelSmoothing', message });
  }
  if (precomputeRefLogProbs && syncRefModel) {
    const message =
      'a reference that moves cannot be scored beforehand; set precompute_ref_log_probs to false, or sync_ref_model to false';
    problems.push({ at: 'precomputeRefLogProbs', message });
  }
  return problems;
}

/** What the preference trainer reads; TypeScript passes model and examples as values. */
export const dpoOptions = defineConfig({
  ...shared,
  groups: trainerGroups,
  check: (config) => [...checkSchedule(config), ...checkPreference(config)],
});

/** What `laurel dpo` reads: the trainer's options and where model and rows come from. */
export const dpoConfig = defineConfig({
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
    ...checkSchedule(config),
    ...checkMonitor(config),
    ...checkPreference(config),
  ],
});

/** Resolved options of the preference trainer. */
export type DpoOptions = ConfigOf<typeof dpoOptions>;
/** What a caller of the preference trainer may write. */
export type DpoOptionsInput = ConfigInput<typeof dpoOptions>;
/** Resolved configuration of `laurel dpo`. */
export type DpoConfig = ConfigOf<typeof dpoConfig>;
