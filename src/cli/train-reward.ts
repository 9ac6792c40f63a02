import type { PreferenceExample } from '../data/index.ts';
import type { RewardModel } from '../policy/index.ts';
import {
  type RewardConfig,
  rewardConfig,
  rewardOptions,
  supervisedArithmetic,
} from '../trainers/config/index.ts';
import {
  type RewardPairOptions,
  rewardPair,
  rewardPairs,
  type TrainerHooks,
  type TrainResult,
  trainRewardModel,
} from '../trainers/index.ts';
import { shellWord, trainCommand } from './commands/train-command.ts';
import { describeModel, describeNumbers } from './dry-run.ts';
import { describeMemory } from './dry-run-memory.ts';
import { assertHeldOut, type LoadSplit, loadSplits } from './resolve/load-splits.ts';
import { pickOptions } from './resolve/pick-options.ts';
import { preferenceRows } from './resolve/preference-rows.ts';
import { resolveRewardModel } from './resolve/resolve-reward-model.ts';
import { loadRows } from './resolve/resolve-rows.ts';
import { trainerHooks } from './trainer-hooks.ts';

const pairOptions = (config: RewardConfig, { model }: RewardModel): RewardPairOptions => ({
  maxLength: config.maxLength,
  contextLength: model.config.maxPositionEmbeddings,
  chatTemplateKwargs: config.chatTemplateKwargs ?? {},
});

/** How this configuration reads pairs for a reward model. */
const splitLoader =
  (config: RewardConfig, rewardModel: RewardModel): LoadSplit<PreferenceExample> =>
  async (split, limit) => {
    const dataset = await loadRows(config, split, limit);
    const options = pairOptions(config, rewardModel);
    const check = (row: PreferenceExample) => void rewardPair(row, rewardModel.tokenizer, options);
    return preferenceRows(dataset, config, {
      implicitPrompt: 'left in',
      ...(config.skipBadRows && { check }),
    });
  };

async function train(config: RewardConfig, hooks: TrainerHooks): Promise<TrainResult> {
  const rewardModel = await resolveRewardModel(config);
  return trainRewardModel({
    ...pickOptions(config, rewardOptions),
    ...trainerHooks(hooks),
    ...(await loadSplits(config, splitLoader(config, rewardModel))),
    rewardModel,
    chatTemplateKwargs: config.chatTemplateKwargs ?? {},
  });
}

async function dryRun(config: RewardConfig): Promise<string> {
  assertHeldOut(config);
  const rewardModel = await resolveRewardModel(config);
  const load = splitLoader(config, rewardModel);
  const { rows, badRows } = await load(config.datasetTrainSplit, config.maxTrainSamples);
  const options = pairOptions(config, rewardModel);
  const { pairs, tooLong } = rewardPairs(rows, rewardModel.tokenizer, options);
  const texts = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]);
  const total = texts.reduce((sum, { length }) => sum + length, 0);
  const longest = texts.reduce((most, { length }) => Math.max(most, length), 0);
  const arithmetic = supervisedArithmetic(config, pairs.length);
  return describeNumbers([
    ...describeModel(rewardModel),
    ['rows', `${rows.length}${badRows > 0 ? ` (${badRows} skipped)` : ''}`],
    [
      'pairs',
      `${pairs.length}${tooLong > 0 ? ` (${tooLong} longer than max_length left out)` : ''}`,
    ],
    ['pairs per step', arithmetic.examplesPerStep],
    ['steps per epoch', arithmetic.stepsPerEpoch],
    ['steps', arithmetic.totalSteps],
    ['pairs with a margin', pairs.filter(({ margin }) => margin !== undefined).length],
    ['tokens of a text', `mean ${(total / texts.length).toFixed(0)}`],
    ['longest text', `${longest} tokens`],
    ...describeMemory(rewardModel, {
      rows: 2 * config.perDeviceTrainBatchSize,
      length: longest,
      targets: 2 * config.perDeviceTrainBatchSize,
      accumulates: config.gradientAccumulationSteps > 1,
      gradientCheckpointing: config.gradientCheckpointing,
      hasReference: false,
    }),
  ]);
}

/** `laurel reward` */
export const rewardCommand = trainCommand<RewardConfig>(rewardConfig, {
  dryRun,
  train,
  useIt: (folder) => `reinforce by it: npx laurel grpo --reward_funcs ${shellWord(folder)} …`,
});
