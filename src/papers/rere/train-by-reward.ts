import { ConfigError } from '../../errors.ts';
import type { Policy } from '../../policy/index.ts';
import {
  canWrite,
  chosenByValidation,
  evaluationSchedule,
  type ItemLanguage,
  type NextItem,
  type RecommendationData,
  type RecommenderTrainResult,
  trainQuestions,
  type ValidationOptions,
  validate,
} from '../../recommendation/index.ts';
import type { RewardLike } from '../../rewards/index.ts';
import { type DrawGroups, measureGroups, type TokensPrompt } from '../../rollouts/index.ts';
import { type PolicyGradientTraining, trainPolicyGradient } from '../../trainers/index.ts';
import { columnsOf } from './next-item-columns.ts';
import { rankingRewards } from './rewards/index.ts';
import { type SamplerName, samplers, withTarget } from './samplers/index.ts';

/** The trainer's options that follow from data, sampler and group arithmetic. */
type Given =
  | 'examples'
  | 'evalExamples'
  | 'evaluate'
  | 'reward'
  | 'drawGroups'
  | 'measureGroups'
  | 'numGenerations'
  | 'maxCompletionLength'
  | 'perDeviceTrainBatchSize'
  | 'perDeviceEvalBatchSize'
  | 'gradientAccumulationSteps'
  | 'generationBatchSize'
  | 'stepsPerGeneration';

/** What training a recommender by reward takes, besides the options of `docs/trainers/grpo.md` in camelCase. */
export interface RewardedRecommenderTraining extends Omit<PolicyGradientTraining, Given> {
  readonly data: RecommendationData;
  readonly language: ItemLanguage;
  /** What is trained, such as a supervised recommender's. */
  readonly policy: Policy;
  /** How groups are drawn: the paper's by name, or one of your own. Default `beam`. */
  readonly sampler?: SamplerName | DrawGroups;
  /** Whether the last completion of each group is replaced by the item that followed, as the paper's `add_gt`. */
  readonly lastCompletion?: 'drawn' | 'target';
  /** Default `rankingRewards()`. */
  readonly reward?: RewardLike | readonly RewardLike[];
  /** Questions of one update. Default 32. */
  readonly promptsPerStep?: number;
  /** G: completions of a question. Default 16. */
  readonly groupSize?: number;
  /** Questions of one forward and backward pass; of the divisors of `promptsPerStep` the largest up to 16 unless given. */
  readonly promptsPerMicroBatch?: number;
  /** How it is measured between steps; null: not at all, so that the last weights are kept. */
  readonly validation?: ValidationOptions | null;
}

/**
 * The options of the paper's script that differ from the trainer's defaults: GRPO on policy, the mean of completions'
 * means, k3 to a reference that moves every 512 steps.
 */
export const rereDefaults = {
  lossType: 'grpo',
  beta: 1e-3,
  klEstimator: 'k3',
  syncRefModel: true,
  refModelSyncSteps: 512,
  refModelMixupAlpha: 0.6,
  temperature: 1,
  learningRate: 1e-5,
  lrSchedulerType: 'cosine',
  warmupRatio: 0.03,
  maxGradNorm: 0.3,
  numTrainEpochs: 2,
  // Every token of every step would fill the disk of a run of many short completions.
  tokenRecordRate: 0.01,
  saveTotalLimit: 1,
} as const;

/** Each training question as a prompt that carries its own answer. */
export const rewardedPrompts = (
  questions: readonly NextItem[],
  language: ItemLanguage,
): TokensPrompt[] =>
  questions.map((question, index) => ({
    example: { index, columns: columnsOf(question, language) },
    tokens: language.promptOf(question.history),
  }));

const largestDivisor = (value: number, most: number): number => {
  for (let divisor = Math.min(most, value); divisor > 1; divisor--)
    if (value % divisor === 0) return divisor;
  return 1;
};

/** How many completions, and in which portions. */
function batching({
  promptsPerStep = 32,
  groupSize = 16,
  promptsPerMicroBatch = largestDivisor(promptsPerStep, 16),
}: Pick<RewardedRecommenderTraining, 'promptsPerStep' | 'groupSize' | 'promptsPerMicroBatch'>) {
  if (promptsPerStep % promptsPerMicroBatch !== 0) {
    throw new ConfigError(
      `prompts_per_step: ${promptsPerStep} is not a multiple of prompts_per_micro_batch ${promptsPerMicroBatch}; set prompts_per_micro_batch to ${largestDivisor(promptsPerStep, promptsPerMicroBatch)}`,
    );
  }
  return {
    numGenerations: groupSize,
    perDeviceTrainBatchSize: promptsPerMicroBatch * groupSize,
    perDeviceEvalBatchSize: promptsPerMicroBatch * groupSize,
    gradientAccumulationSteps: promptsPerStep / promptsPerMicroBatch,
  };
}

function drawerOf({
  sampler = 'beam',
  lastCompletion = 'drawn',
  language,
}: Pick<RewardedRecommenderTraining, 'sampler' | 'lastCompletion' | 'language'>): DrawGroups {
  const draw = typeof sampler === 'string' ? samplers[sampler](language.trie) : sampler;
  return lastCompletion === 'target' ? withTarget(draw, language.trie) : draw;
}

function validationOf({
  data,
  language,
  validation = {},
  ...options
}: RewardedRecommenderTraining) {
  if (validation === null) return {};
  const { evalStrategy = 'steps', evalSteps = 0.05 } = options;
  return {
    ...chosenByValidation,
    ...evaluationSchedule({ ...options, evalStrategy, evalSteps }),
    evalOnStart: true,
    evaluate: validate(data, language, validation),
  };
}

/**
 * Reinforced preference optimisation of a recommender: groups of items for what users had taken, likeliest first, a
 * reward that costs wrong items more the higher they rank, GRPO. The best validation is kept.
 * Tan et al. 2025, arXiv:2510.12211; see README.md for formulas and departures.
 * @throws ConfigError, DataError before the first step for options or data that cannot work.
 */
export async function trainRecommenderByReward(
  training: RewardedRecommenderTraining,
): Promise<RecommenderTrainResult> {
  const { data, language, policy, reward = rankingRewards(), ...rest } = training;
  const { sampler, lastCompletion, validation, ...options } = rest;
  const { promptsPerStep, groupSize, promptsPerMicroBatch, ...trainer } = options;
  const isWritten = canWrite(language);
  const questions = trainQuestions(data, language.maxHistory).filter(({ target }) =>
    isWritten(target),
  );
  const result = await trainPolicyGradient({
    ...rereDefaults,
    logprobDistribution: language.distribution === 'constrained' ? 'sampled' : 'full',
    ...validationOf(training),
    ...trainer,
    ...batching(options),
    maxCompletionLength: language.trie.maxTokens,
    policy,
    examples: rewardedPrompts(questions, language),
    reward,
    drawGroups: drawerOf(training),
    measureGroups: (groups, rewards) =>
      measureGroups(groups, rewards, {
        wanted: ({ example }) => example.columns['target_tokens'] as readonly number[],
      }),
  });
  return { ...result, policy };
}
