// S-DPO, a baseline. Departure from its paper: the language model is the project's own supervised recommender.
import type { Policy } from '../../../policy/index.ts';
import {
  canWrite,
  chosenByValidation,
  evaluationSchedule,
  type ItemLanguage,
  type RecommendationData,
  type RecommenderTrainResult,
  trainQuestions,
  type ValidationOptions,
  validate,
} from '../../../recommendation/index.ts';
import { type PreferenceTraining, trainPreference } from '../../../trainers/index.ts';
import { sdpoRows } from './sdpo-rows.ts';

/** The trainer's options that follow from the data. */
type Given = 'examples' | 'evalExamples' | 'evaluate' | 'maxLength' | 'lossType' | 'lossWeights';

/** What S-DPO takes, besides the options of `docs/trainers/dpo.md` in camelCase. */
export interface SdpoTraining extends Omit<PreferenceTraining, Given> {
  readonly data: RecommendationData;
  readonly language: ItemLanguage;
  /** What is trained and what it is held to: a supervised recommender's. */
  readonly policy: Policy;
  /** R: worse items of each question, drawn from the whole catalogue. Default 3. */
  readonly negatives?: number;
  /** How it is measured between steps; null: not at all, so that the last weights are kept. */
  readonly validation?: ValidationOptions | null;
}

/** Those of the authors' script, which evaluates ten times. https://github.com/chenyuxin1999/S-DPO, `softmax_dpo.sh`. */
export const sdpoDefaults = {
  beta: 1,
  learningRate: 1e-5,
  lrSchedulerType: 'cosine',
  warmupRatio: 0.05,
  maxGradNorm: 0.3,
  perDeviceTrainBatchSize: 128,
  numTrainEpochs: 3,
  saveTotalLimit: 1,
  paddingFree: true,
} as const;

function validationOf({ data, language, validation = {}, ...options }: SdpoTraining) {
  if (validation === null) return {};
  const { evalStrategy = 'steps', evalSteps = 0.1 } = options;
  return {
    ...chosenByValidation,
    ...evaluationSchedule({ ...options, evalStrategy, evalSteps }),
    evalOnStart: true,
    evaluate: validate(data, language, validation),
  };
}

/**
 * Softmax direct preference optimisation: what users took over several random items at once, held to the supervised
 * recommender. Chen et al. 2024, arXiv:2406.09215. The best validation is kept.
 * @throws ConfigError, DataError before the first step for options or data that cannot work.
 */
export async function trainSdpo(training: SdpoTraining): Promise<RecommenderTrainResult> {
  const { data, language, policy, negatives = 3, validation: _, ...options } = training;
  const isWritten = canWrite(language);
  const questions = trainQuestions(data, language.maxHistory).filter(({ target }) =>
    isWritten(target),
  );
  const items = data.items.flatMap((__, item) => (isWritten(item) ? [item] : []));
  const rows = { negatives, seed: options.dataSeed ?? options.seed ?? 42, items };
  const result = await trainPreference({
    ...sdpoDefaults,
    ...validationOf(training),
    ...options,
    lossType: ['softmax'],
    maxLength: null,
    policy,
    examples: sdpoRows(questions, language, rows),
  });
  return { ...result, policy };
}
