import { z } from 'zod';
import { type ConfigOf, configGroup, defineConfig } from '../../../config/index.ts';
import {
  adapterOptions,
  backwardOptions,
  batchingOptions,
  checkAdapters,
  dpoOptions,
  loggingOptions,
  optimiserOptions,
} from '../../../trainers/config/index.ts';
import {
  checkItems,
  checkModelSource,
  checkpointGroup,
  checkQuestions,
  checkRecommenderSchedule,
  evaluationGroup,
  filesGroup,
  languageGroup,
  lengthGroup,
  recommenderModelGroup,
  validationGroup,
} from './shared-options.ts';

const { shape: preference } = dpoOptions.object;
const { shape: optimiser } = optimiserOptions({ learningRate: 1e-5 }).fields;
const { shape: batching } = batchingOptions({ unit: 'pairs' }).fields;

/** Whom what users took is preferred to, and how much. */
const sdpoGroup = configGroup('S-DPO', {
  negatives: z
    .int()
    .min(1)
    .default(3)
    .describe('R: worse items of each question, drawn from the whole catalogue.'),
  beta: preference.beta.default(1).describe('β: how much the reference holds.'),
  trainSamplingStrategy: preference.trainSamplingStrategy.describe(
    'Order of questions within an epoch.',
  ),
  precomputeRefLogProbs: preference.precomputeRefLogProbs,
  precomputeRefBatchSize: preference.precomputeRefBatchSize.describe(
    'Questions scored at a time before the first step; null: those of a micro-batch.',
  ),
});

/** What `laurel recommend train --method sdpo` reads besides the data; defaults are the authors'. */
export const sdpoConfig = defineConfig({
  name: 'recommend train',
  summary: 'Train a recommender. S-DPO: prefer what users took to several random items at once.',
  groups: {
    files: filesGroup('sdpo'),
    sdpo: sdpoGroup,
    language: languageGroup,
    model: recommenderModelGroup,
    adapters: adapterOptions,
    optimiser: configGroup('Optimiser', {
      ...optimiser,
      lrSchedulerType: optimiser.lrSchedulerType.default('cosine'),
      warmupRatio: optimiser.warmupRatio.default(0.05),
      maxGradNorm: optimiser.maxGradNorm.default(0.3),
    }),
    length: lengthGroup(3),
    batching: configGroup('Batching', {
      perDeviceTrainBatchSize: batching.perDeviceTrainBatchSize
        .default(128)
        .describe('Micro-batch: questions per forward and backward pass.'),
      gradientAccumulationSteps: batching.gradientAccumulationSteps,
    }),
    backward: backwardOptions({ disableDropout: true }),
    validation: validationGroup,
    evaluation: evaluationGroup('steps', 0.1),
    checkpoints: checkpointGroup('steps', 0.1),
    logging: loggingOptions,
  },
  check: (config) => [
    ...checkItems(config),
    ...checkModelSource(config),
    ...checkQuestions(config),
    ...checkAdapters(config),
    ...checkRecommenderSchedule(config),
  ],
});

export type SdpoConfig = ConfigOf<typeof sdpoConfig>;
