import type { PreferenceExample } from '../data/index.ts';
import type { Policy } from '../policy/index.ts';
import {
  type DpoConfig,
  dpoConfig,
  dpoOptions,
  supervisedArithmetic,
} from '../trainers/config/index.ts';
import {
  preferencePair,
  type TrainerHooks,
  type TrainResult,
  trainPreference,
} from '../trainers/index.ts';
import { trainCommand } from './commands/train-command.ts';
import { describeModel, describeNumbers } from './dry-run.ts';
import { describeMemory } from './dry-run-memory.ts';
import { assertHeldOut, type LoadSplit, loadSplits } from './resolve/load-splits.ts';
import { pickOptions } from './resolve/pick-options.ts';
import { preferenceRows } from './resolve/preference-rows.ts';
import {
  describeMonitor,
  type HeldOutRows,
  monitoredRows,
  resolveMonitor,
} from './resolve/resolve-monitor.ts';
import { resolvePolicy } from './resolve/resolve-policy.ts';
import { loadRows } from './resolve/resolve-rows.ts';
import { trainerHooks } from './trainer-hooks.ts';

const pairOf = (row: PreferenceExample, { tokenizer, model }: Policy, config: DpoConfig) =>
  preferencePair(row, tokenizer, {
    maxLength: config.maxLength,
    contextLength: model.config.maxPositionEmbeddings,
    chatTemplateKwargs: config.chatTemplateKwargs ?? {},
  });

/** How this configuration reads pairs for a policy. */
const splitLoader =
  (config: DpoConfig, policy: Policy): LoadSplit<PreferenceExample> =>
  async (split, limit) => {
    const dataset = await loadRows(config, split, limit);
    const check = (row: PreferenceExample) => void pairOf(row, policy, config);
    return preferenceRows(dataset, config, config.skipBadRows ? { check } : {});
  };

/** Pairs, and their prompts, that a monitor looks at. */
async function heldOut(config: DpoConfig, policy: Policy): Promise<HeldOutRows> {
  const load = splitLoader(config, policy);
  const { rows } = await load(config.datasetTestSplit, monitoredRows(config));
  const pairs = rows.slice(0, config.monitorPairs).map((row) => pairOf(row, policy, config));
  return { prompts: rows, pairs };
}

async function train(config: DpoConfig, hooks: TrainerHooks): Promise<TrainResult> {
  const policy = await resolvePolicy(config, { trainable: true });
  const splits = await loadSplits(config, splitLoader(config, policy));
  const callbacks = await resolveMonitor(config, policy, () => heldOut(config, policy));
  return trainPreference({
    ...pickOptions(config, dpoOptions),
    ...trainerHooks(hooks, { callbacks }),
    ...splits,
    policy,
    chatTemplateKwargs: config.chatTemplateKwargs ?? {},
  });
}

const mean = (values: readonly number[]): string =>
  (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(0);

async function dryRun(config: DpoConfig): Promise<string> {
  assertHeldOut(config);
  const policy = await resolvePolicy(config, { trainable: true });
  const load = splitLoader(config, policy);
  const { rows, badRows } = await load(config.datasetTrainSplit, config.maxTrainSamples);
  const pairs = rows.map((row) => pairOf(row, policy, config));
  const lengths = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]);
  const longest = lengths.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
  const completion = (side: 'chosen' | 'rejected') =>
    mean(pairs.map((pair) => pair[side].completionMask.length));
  const arithmetic = supervisedArithmetic(config, rows.length);
  return describeNumbers([
    ...describeModel(policy),
    ['rows', `${rows.length}${badRows > 0 ? ` (${badRows} skipped)` : ''}`],
    ['pairs per step', arithmetic.examplesPerStep],
    ['steps per epoch', arithmetic.stepsPerEpoch],
    ['steps', arithmetic.totalSteps],
    ['tokens of a better completion', `mean ${completion('chosen')}`],
    ['tokens of a worse completion', `mean ${completion('rejected')}`],
    ['longest sequence', `${longest} tokens`],
    ...describeMonitor(config),
    ...describeMemory(policy, {
      rows: 2 * config.perDeviceTrainBatchSize,
      length: longest,
      accumulates: config.gradientAccumulationSteps > 1,
      gradientCheckpointing: config.gradientCheckpointing,
      hasReference: true,
    }),
  ]);
}

/** `laurel dpo` */
export const dpoCommand = trainCommand<DpoConfig>(dpoConfig, { dryRun, train });
