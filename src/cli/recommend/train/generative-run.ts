import { join } from 'node:path';
import { type ConfigSchema, toYaml } from '../../../config/index.ts';
import { ConfigError, DataError } from '../../../errors.ts';
import {
  isRecommender,
  learnValidation,
  type RecommendationData,
  type RecommenderTrainResult,
  readRecommenderFile,
  saveRecommender,
  type ValidationOptions,
} from '../../../recommendation/index.ts';
import type { TrainerHooks, TrainResult } from '../../../trainers/index.ts';
import { pickOptions } from '../../resolve/pick-options.ts';
import { trainerHooks } from '../../trainer-hooks.ts';
import { type RecommenderModel, resolveRecommenderModel } from './resolve-recommender-model.ts';
import { unvalidated } from './shared-options.ts';
import type { SupervisedConfig } from './supervised-config.ts';

/** What the methods of language models share. */
type SharedConfig = Omit<SupervisedConfig, 'method'> & { readonly method: string };

/** Trains a resolved model with the trainer's options. */
export type TrainModel = (
  model: RecommenderModel,
  options: {
    readonly data: RecommendationData;
    readonly validation: ValidationOptions | null;
  },
) => Promise<RecommenderTrainResult>;

/** The options of a trainer's own schema that a configuration has, with the hooks of the command line. */
export function trainerOptions<Schema extends ConfigSchema>(
  config: SharedConfig,
  schema: Schema,
  hooks: TrainerHooks,
) {
  const picked = pickOptions(config, schema);
  const present = Object.fromEntries(
    Object.entries(picked).filter(([, value]) => value !== undefined),
  ) as Partial<typeof picked>;
  return {
    ...present,
    ...(config.validationQuestions === 0 && unvalidated),
    ...trainerHooks(hooks),
    outputDir: config.outputDir ?? join(config.out, 'run'),
  };
}

const validationOf = (config: SharedConfig): ValidationOptions | null =>
  config.validationQuestions === 0
    ? null
    : {
        questions: config.validationQuestions,
        width: config.validationWidth,
        batchSize: config.validationBatchSize,
        historyItems: config.validationHistoryItems,
        seed: config.seed,
      };

/** Whether a recommender has learned the questions of validation; no other model has. */
const hasLearnedValid = (folder: string | null): boolean =>
  folder !== null && isRecommender(folder) && readRecommenderFile(folder).isValidLearned === true;

/** @throws ConfigError where the questions that would choose the checkpoint were learned before. */
function isValidLearned(config: SharedConfig): boolean {
  const { modelNameOrPath, validationQuestions, datasetTrainSplit } = config;
  if (!hasLearnedValid(modelNameOrPath)) return datasetTrainSplit === 'valid';
  if (validationQuestions === 0) return true;
  throw new ConfigError(
    `validation_questions: ${modelNameOrPath} has learned the questions of validation, so that they can choose no checkpoint; set validation_questions to 0`,
  );
}

/** @throws DataError where validation is to be learned and has no questions. */
function learnedData({ datasetTrainSplit }: SharedConfig, data: RecommendationData) {
  if (datasetTrainSplit === 'train') return data;
  if (data.valid.length > 0) return learnValidation(data);
  throw new DataError(
    `${data.name} has no validation questions, which dataset_train_split: valid learns; prepare data whose split has some, or learn those of train`,
  );
}

/** Loads or makes the model, trains it, and writes the recommender's folder. */
export async function runGenerative(
  config: Omit<SharedConfig, 'perDeviceTrainBatchSize' | 'gradientAccumulationSteps'>,
  data: RecommendationData,
  train: TrainModel,
): Promise<TrainResult> {
  const shared = config as SharedConfig;
  const learned = { isValidLearned: isValidLearned(shared) };
  const model = await resolveRecommenderModel(shared, data);
  const result = await train(model, {
    data: learnedData(shared, data),
    validation: validationOf(shared),
  });
  if (result.outcome === 'finished') saveRecommender(config.out, { ...model, ...learned, data });
  return result;
}

/** The configuration as its run keeps it. */
export const yamlOf = (config: object, schema: ConfigSchema): string =>
  toYaml(config as Record<string, unknown>, schema);
