import { type ConfigOf, configGroup, defineConfig } from '../../../config/index.ts';
import {
  adapterOptions,
  backwardOptions,
  batchingOptions,
  checkAdapters,
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

const { shape: optimiser } = optimiserOptions({ learningRate: 3e-4 }).fields;
const { shape: batching } = batchingOptions({ unit: 'examples' }).fields;

/** What `laurel recommend train --method supervised` reads besides the data. */
export const supervisedConfig = defineConfig({
  name: 'recommend train',
  summary: 'Train a recommender. Supervised: raise the likelihood of what users took next.',
  groups: {
    files: filesGroup('supervised'),
    language: languageGroup,
    model: recommenderModelGroup,
    adapters: adapterOptions,
    optimiser: configGroup('Optimiser', {
      ...optimiser,
      warmupSteps: optimiser.warmupSteps.default(20),
    }),
    length: lengthGroup(10),
    batching: configGroup('Batching', {
      perDeviceTrainBatchSize: batching.perDeviceTrainBatchSize
        .default(128)
        .describe('Micro-batch: user sequences per forward and backward pass.'),
      gradientAccumulationSteps: batching.gradientAccumulationSteps,
    }),
    backward: backwardOptions({ disableDropout: false }),
    validation: validationGroup,
    evaluation: evaluationGroup('epoch', null),
    checkpoints: checkpointGroup('epoch', 500),
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

export type SupervisedConfig = ConfigOf<typeof supervisedConfig>;
