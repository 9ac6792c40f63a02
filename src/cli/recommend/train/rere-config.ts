import { z } from 'zod';
import {
  type CheckProblem,
  type ConfigOf,
  configGroup,
  defineConfig,
} from '../../../config/index.ts';
import { rewardNames } from '../../../papers/rere/index.ts';
import {
  adapterOptions,
  backwardOptions,
  checkAdapters,
  completionLoggingOptions,
  generationOptions,
  loggingOptions,
  optimiserOptions,
  policyLossOptions,
  rewardScoringOptions,
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

const count = z.int().min(1);
const { shape: generation } = generationOptions.fields;
const { shape: loss } = policyLossOptions.fields;
const { shape: optimiser } = optimiserOptions({ learningRate: 1e-5 }).fields;
const { shape: completions } = completionLoggingOptions.fields;

/** Groups of items, and what they earn. */
const rereGroup = configGroup('ReRe', {
  sampler: z
    .enum(['beam', 'iid', 'dynamic'])
    .default('beam')
    .describe(
      'How a group is drawn among the items: the likeliest different ones, independently, or 1.5 times as many of which the most different stay.',
    ),
  lastCompletion: z
    .enum(['drawn', 'target'])
    .default('drawn')
    .describe('`target`: the item that followed takes the place of each group’s last.'),
  reward: z
    .enum(rewardNames)
    .default('ranking')
    .describe(
      'rule: 1 for the item that followed; ranking: and a cost of wrong items, more the higher they rank; semantic: likeness of texts; collaborative: the score of scorer.',
    ),
  vectors: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Of reward semantic: lines {"key", "vector"} in place of TF-IDF of titles and texts.',
    ),
  scorer: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Of reward collaborative: folder of a trained SASRec.'),
  promptsPerStep: count.default(32).describe('Questions of one update.'),
  groupSize: count.min(2).default(16).describe('Items G of a question’s group.'),
  promptsPerMicroBatch: count
    .nullable()
    .default(null)
    .describe('Questions of one forward and backward pass; null: the largest divisor up to 16.'),
});

interface RewardSource {
  readonly reward: string;
  readonly scorer: string | null;
  readonly vectors: string | null;
}

function checkReward({ reward, scorer, vectors }: RewardSource): CheckProblem[] {
  if (reward === 'collaborative' && scorer === null)
    return [
      {
        at: 'scorer',
        message:
          'required by reward: collaborative; the folder that laurel recommend train --method sasrec wrote',
      },
    ];
  if (reward !== 'collaborative' && scorer !== null)
    return [
      { at: 'scorer', message: `reward: ${reward} does not ask it; set reward to collaborative` },
    ];
  if (reward !== 'semantic' && vectors !== null)
    return [
      { at: 'vectors', message: `reward: ${reward} does not read them; set reward to semantic` },
    ];
  return [];
}

/** What `laurel recommend train --method rere` reads besides the data; defaults are the paper's. */
export const rereConfig = defineConfig({
  name: 'recommend train',
  summary:
    'Train a recommender. ReRe: reward what users took next over what the model ranks above it.',
  groups: {
    files: filesGroup('rere'),
    rere: rereGroup,
    language: languageGroup,
    model: recommenderModelGroup,
    adapters: adapterOptions,
    generation: configGroup('Generation', {
      temperature: generation.temperature,
      logprobDistribution: generation.logprobDistribution
        .nullable()
        .default(null)
        .describe(
          'Log-probabilities over the whole vocabulary (full), or over the tokens that items allow (sampled); null: as distribution says.',
        ),
      shuffleDataset: generation.shuffleDataset,
      numIterations: generation.numIterations,
    }),
    rewards: rewardScoringOptions,
    loss: configGroup(policyLossOptions.title, {
      ...loss,
      lossType: loss.lossType.default('grpo'),
      beta: loss.beta.default(1e-3),
      syncRefModel: loss.syncRefModel.default(true),
    }),
    optimiser: configGroup('Optimiser', {
      ...optimiser,
      lrSchedulerType: optimiser.lrSchedulerType.default('cosine'),
      warmupRatio: optimiser.warmupRatio.default(0.03),
      maxGradNorm: optimiser.maxGradNorm.default(0.3),
    }),
    length: lengthGroup(2),
    backward: backwardOptions({ disableDropout: false }),
    validation: validationGroup,
    evaluation: evaluationGroup('steps', 0.05),
    checkpoints: checkpointGroup('steps', 0.05),
    logging: loggingOptions,
    completions: configGroup('Completions', {
      tokenRecordRate: completions.tokenRecordRate.default(0.01),
    }),
  },
  check: (config) => [
    ...checkReward(config),
    ...checkItems(config),
    ...checkModelSource(config),
    ...checkQuestions(config),
    ...checkAdapters(config),
    ...checkRecommenderSchedule(config),
  ],
});

export type RereConfig = ConfigOf<typeof rereConfig>;
