import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isAdapterFolder, readModelConfig } from '../../models/index.ts';
import { Policy, RewardModel, rewardModel } from '../../policy/index.ts';
import type { Reward } from '../../rewards/index.ts';
import { isRunFolder } from '../../runs/index.ts';
import {
  locateModel,
  type ModelChoice,
  placementOf,
  resolveDevice,
  resolveModelFolder,
  resolveTokenizer,
} from './resolve-policy.ts';

/** Loads or makes the reward model that a configuration names; a policy's folder gets a fresh score. */
export async function resolveRewardModel(options: ModelChoice): Promise<RewardModel> {
  const { model, seed } = options;
  const placement = placementOf(options);
  if (model !== null) {
    const tokenizer = await resolveTokenizer(options, undefined);
    return RewardModel.create(model, tokenizer, { seed, ...placement });
  }
  const { folder, baseFolder, tokenizer } = await locateModel(options);
  const isScore = !isAdapterFolder(folder) && readModelConfig(folder).output === 'score';
  return isScore
    ? RewardModel.load(folder, { ...placement, tokenizer })
    : RewardModel.from(Policy.load(folder, { ...placement, tokenizer, baseFolder }), { seed });
}

/** Whether a name among rewards stands for a model: a folder of one, a run's, or a Hub name. */
export const namesModel = (name: string): boolean =>
  existsSync(name)
    ? existsSync(join(name, 'config.json')) || isRunFolder(name)
    : /^[\w-][\w.-]*\/[\w.-]+$/.test(name) && !/\.[cm]?[jt]s$/.test(name);

export interface NamedRewardModelOptions {
  readonly device: string;
  readonly chatTemplateKwargs: Readonly<Record<string, unknown>> | null;
}

/** The trained reward model that a name among rewards stands for, as a reward of the name's last part. */
export async function resolveModelReward(
  name: string,
  { device, chatTemplateKwargs }: NamedRewardModelOptions,
): Promise<Reward> {
  const folder = await resolveModelFolder(name, 'main');
  return rewardModel(folder, {
    name: basename(name),
    device: resolveDevice(device),
    chatTemplateKwargs: chatTemplateKwargs ?? {},
  });
}
