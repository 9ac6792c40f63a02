import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkpointBytes, metricLines } from '../../../test/support/run-files.ts';
import { tinyData } from '../../../test/support/tiny-catalogue.ts';
import { temporaryFolder, tinyPolicy } from '../../../test/support/tiny-policy.ts';
import { ConfigError } from '../../errors.ts';
import {
  generativeRecommender,
  semanticLanguage,
  trainSupervisedRecommender,
} from '../../recommendation/index.ts';
import { type DrawGroups, sameTokens } from '../../rollouts/index.ts';
import type { TrainerEvent } from '../../trainers/index.ts';
import {
  beamGroups,
  type RewardedRecommenderTraining,
  ruleReward,
  trainRecommenderByReward,
} from './index.ts';

const root = temporaryFolder();
let runs = 0;
const newFolder = () => join(root, `run-${runs++}`);

const language = semanticLanguage(tinyData, { maxHistory: 3 });
/** After 0 1 comes 2, after 1 2 comes 3, and so on. */
const data = tinyData;
const newPolicy = () => tinyPolicy({ tokenizer: language.tokenizer, initializerRange: 0.1 });

const train = (changes: Partial<RewardedRecommenderTraining> = {}) =>
  trainRecommenderByReward({
    data,
    language,
    policy: newPolicy(),
    promptsPerStep: 4,
    groupSize: 3,
    promptsPerMicroBatch: 2,
    learningRate: 0.01,
    lrSchedulerType: 'constant',
    maxSteps: 2,
    loggingSteps: 1,
    outputDir: newFolder(),
    console: null,
    validation: null,
    ...changes,
  });

const column = (folder: string, name: string) =>
  metricLines(folder).flatMap((line) => (line[name] === undefined ? [] : [line[name]!]));

test.each(
  (['iid', 'dynamic', 'beam'] as const).flatMap((sampler) =>
    (['full', 'sampled'] as const).flatMap((logprobDistribution) =>
      (['drawn', 'target'] as const).map((lastCompletion) => ({
        sampler,
        logprobDistribution,
        lastCompletion,
      })),
    ),
  ),
)('on policy the ratio is 1: %j', async (options) => {
  const { folder } = await train(options);
  for (const name of ['min', 'mean', 'max'])
    for (const ratio of column(folder, `sampling/importance_sampling_ratio/${name}`))
      expect(Math.abs(ratio! - 1)).toBeLessThan(1e-4);
  if (options.lastCompletion === 'target')
    expect(column(folder, 'rollout/hit_rate')).toEqual([1, 1]);
});

test('the beam’s groups are different items, and their measures are logged', async () => {
  const groups: TrainerEvent[] = [];
  const { folder } = await train({
    onEvent: (event) => {
      if (event.type === 'rollout-end') groups.push(event);
    },
  });
  expect(column(folder, 'rollout/group_diversity')).toEqual([1, 1]);
  for (const event of groups) {
    if (event.type !== 'rollout-end') continue;
    for (const { prompt, rollouts } of event.groups) {
      expect(rollouts).toHaveLength(3);
      for (const { tokens } of rollouts) expect(language.itemsOf(tokens)).not.toEqual([]);
      const target = prompt.example.columns['target_tokens'] as number[];
      expect(target).toEqual(language.tokensOf(prompt.example.columns['target'] as number));
    }
  }
});

test('a catalogue smaller than the group gives smaller groups, and training goes on', async () => {
  // Five paths: six items, two of which share one.
  const { folder, step } = await train({ groupSize: 8, maxSteps: 3 });
  expect(step).toBe(3);
  expect(column(folder, 'completions/mean_length')).toEqual([2, 2, 2]);
});

test.each(['iid', 'dynamic', 'beam'] as const)(
  'a resumed run of %s groups goes on bit for bit',
  async (sampler) => {
    const options = {
      sampler,
      maxSteps: 4,
      saveSteps: 2,
      refModelSyncSteps: 1,
    };
    const whole = await train(options);
    const stop = new AbortController();
    const outputDir = newFolder();
    await train({
      ...options,
      outputDir,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'step-end' && event.step === 2) stop.abort();
      },
    });
    const resumed = await train({ ...options, outputDir, resumeFromCheckpoint: true });
    expect(checkpointBytes(resumed.folder, 4)).toEqual(checkpointBytes(whole.folder, 4));
  },
);

test('training by reward raises the rank of what users took', async () => {
  const policy = newPolicy();
  const { folder } = await train({ policy, maxSteps: 60, groupSize: 4, reward: ruleReward() });
  const rewards = column(folder, 'reward') as number[];
  const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const recommender = generativeRecommender(policy, language, { width: 5 });
  const lists = await recommender.recommend(
    [
      [0, 1],
      [1, 2],
      [2, 3],
    ],
    1,
  );
  expect(lists.map(([first]) => first!.item)).toEqual(
    [2, 3, 4].map((item) => (item === 4 ? 1 : item)),
  );
  expect(mean(rewards.slice(-5))).toBeGreaterThanOrEqual(mean(rewards.slice(0, 5)));
});

test('the best of the validations is kept, and only validation questions are asked', async () => {
  const supervised = await trainSupervisedRecommender({
    data: { ...data, test: [] },
    language,
    model: { hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2 },
    perDeviceTrainBatchSize: 4,
    learningRate: 0.02,
    numTrainEpochs: 6,
    validation: { width: 5 },
    outputDir: newFolder(),
    console: null,
  });
  const measured = column(supervised.folder, 'eval_ranking/ndcg_10') as number[];
  expect(supervised.bestMetric).toBe(Math.max(...measured));
  const rewarded = await train({
    data: { ...data, test: [] },
    policy: supervised.policy,
    validation: { width: 5, questions: 4 },
    maxSteps: 4,
    evalSteps: 2,
  });
  expect(column(rewarded.folder, 'eval_ranking/ndcg_10').length).toBeGreaterThanOrEqual(2);
  expect(rewarded.checkpoint).toMatch(/checkpoint-\d$/);
});

test('a sampler of your own is a function', async () => {
  const asked: number[] = [];
  const beam = beamGroups(language.trie);
  const sampler: DrawGroups = async (policy, prompts, options) => {
    asked.push(options.step);
    return beam(policy, prompts, options);
  };
  await train({ sampler });
  expect(asked).toEqual([1, 2]);
});

test('groups that are not those of the prompts end the run', async () => {
  const beam = beamGroups(language.trie);
  const reversed: DrawGroups = async (...args) => [...(await beam(...args))].reverse();
  await expect(train({ sampler: reversed })).rejects.toThrow(/no group of prompt 0 in its place/);
});

test('prompts that do not divide into micro-batches are refused with what does', async () => {
  await expect(train({ promptsPerStep: 6, promptsPerMicroBatch: 4 })).rejects.toThrow(ConfigError);
});

test('equal tokens are the target, whatever item they stand for', () => {
  expect(sameTokens(language.tokensOf(1), language.tokensOf(4))).toBe(true);
});
