import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder, tinyPolicy } from '../../../test/support/tiny-policy.ts';
import { RewardModel } from '../../policy/index.ts';
import type { ModelChoice } from './resolve-policy.ts';
import { namesModel, resolveModelReward, resolveRewardModel } from './resolve-reward-model.ts';

const root = temporaryFolder();
const policyFolder = join(root, 'policy');
const rewardFolder = join(root, 'politeness');
const policy = tinyPolicy();
policy.save(policyFolder);
const saved = RewardModel.from(policy, { seed: 9 });
saved.save(rewardFolder);

const choice = (changes: Partial<ModelChoice>): ModelChoice => ({
  modelNameOrPath: null,
  modelRevision: 'main',
  model: null,
  tokenizer: null,
  chatTemplatePath: null,
  eosToken: null,
  dtype: 'float32',
  bf16: null,
  device: 'cpu',
  seed: 9,
  ...changes,
});
const text = [[1, 2, 3]];
const scoreOf = async (changes: Partial<ModelChoice>) =>
  (await resolveRewardModel(choice(changes))).score(text);

test('a policy’s folder gets a fresh score by the seed; a reward model’s keeps its own', async () => {
  const seeded = saved.score(text);
  expect(await scoreOf({ modelNameOrPath: policyFolder })).toEqual(seeded);
  expect(await scoreOf({ modelNameOrPath: policyFolder, seed: 8 })).not.toEqual(seeded);
  expect(await scoreOf({ modelNameOrPath: rewardFolder, seed: 8 })).toEqual(seeded);
});

test('adapters below a score are refused until they are merged', async () => {
  const folder = join(root, 'adapters');
  policy.withAdapters({ baseModel: policyFolder }).save(folder);
  await expect(scoreOf({ modelNameOrPath: folder })).rejects.toThrow(/laurel merge/);
});

test('among rewards, folders of models and Hub names stand for models, modules and built-in names do not', () => {
  expect(namesModel(rewardFolder)).toBe(true);
  expect(namesModel('org/politeness-0.5b')).toBe(true);
  for (const name of ['accuracy_reward', './reward.ts', 'rewards/own.ts', './own.ts#kind', root])
    expect(namesModel(name), name).toBe(false);
});

test('a model among rewards is called by its folder’s name, and a policy is no reward', async () => {
  const options = { device: 'cpu', chatTemplateKwargs: null };
  expect(await resolveModelReward(rewardFolder, options)).toMatchObject({ name: 'politeness' });
  await expect(resolveModelReward(policyFolder, options)).rejects.toThrow(/has no score/);
});
