import { ConfigError } from '../errors.ts';
import { type NewModelOptions, Policy } from '../policy/index.ts';
import { type SupervisedTraining, type TrainResult, trainSupervised } from '../trainers/index.ts';
import { supervisedSequences } from './supervised-sequences.ts';
import type { ItemLanguage, RecommendationData } from './types.ts';
import { chosenByValidation, type ValidationOptions, validate } from './validation.ts';

/** The trainer's options that follow from the data. */
type Given = 'policy' | 'examples' | 'evalExamples' | 'evaluate' | 'maxLength';

/** What supervised training of a recommender takes, besides the options of `docs/trainers/sft.md` in camelCase. */
export interface SupervisedRecommenderTraining extends Omit<SupervisedTraining, Given> {
  readonly data: RecommendationData;
  readonly language: ItemLanguage;
  /** What is trained; a new one of the given sizes unless given. */
  readonly policy?: Policy;
  /** Sizes of a new policy. */
  readonly model?: NewModelOptions;
  /** How it is measured between steps; null: not at all, so that the last weights are kept. */
  readonly validation?: ValidationOptions | null;
}

/** A trained policy beside how its run ended. */
export interface RecommenderTrainResult extends TrainResult {
  /** With the weights of the best validation. */
  readonly policy: Policy;
}

/** The paper's, with an evaluation an epoch. */
const defaults = {
  learningRate: 3e-4,
  perDeviceTrainBatchSize: 128,
  numTrainEpochs: 10,
  warmupSteps: 20,
  saveTotalLimit: 1,
} as const;

/** Saves are taken when evaluations are, so that the best can be kept. */
export function evaluationSchedule({
  evalStrategy = 'epoch',
  evalSteps = null,
  saveSteps,
}: Pick<SupervisedTraining, 'evalStrategy' | 'evalSteps' | 'saveSteps'>) {
  const steps = saveSteps ?? evalSteps;
  return {
    evalStrategy,
    evalSteps,
    saveStrategy: evalStrategy,
    ...(steps !== null && { saveSteps: steps }),
  };
}

function policyOf({ policy, model, language, seed, data }: SupervisedRecommenderTraining): Policy {
  if (policy !== undefined && model !== undefined)
    throw new ConfigError(
      'trainSupervisedRecommender: give a policy or the sizes of a new one, not both',
    );
  if (policy !== undefined) return policy;
  const longest = longestText(data, language);
  return Policy.create(
    { maxPositionEmbeddings: longest, ...model },
    language.tokenizer,
    seed === undefined ? {} : { seed },
  );
}

/** Tokens of the longest question with its answer, if every item were the longest. */
function longestText({ items }: RecommendationData, language: ItemLanguage): number {
  const opening = language.promptOf([]).length;
  return items.length === 0
    ? opening
    : opening + (language.maxHistory + 1) * language.trie.maxTokens;
}

/**
 * Trains a generative recommender by the likelihood of what users took next, measured by NDCG@10 of its beam search on
 * validation questions; the best of those evaluations is kept.
 * The whole sequence of a user is learned in one pass, where the paper makes a row of every prefix.
 * @throws ConfigError, DataError before the first step for options or data that cannot work.
 */
export async function trainSupervisedRecommender(
  training: SupervisedRecommenderTraining,
): Promise<RecommenderTrainResult> {
  const { data, language, model: _, validation = {}, ...options } = training;
  const policy = policyOf(training);
  const chosen =
    validation === null
      ? {}
      : {
          ...chosenByValidation,
          ...evaluationSchedule(options),
          evaluate: validate(data, language, validation),
        };
  const result = await trainSupervised({
    ...defaults,
    ...chosen,
    ...options,
    maxLength: null,
    policy,
    examples: supervisedSequences(data, language),
  });
  return { ...result, policy };
}
