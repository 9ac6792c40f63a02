import type { Policy } from '../policy/index.ts';
import {
  type SftConfig,
  sftConfig,
  sftOptions,
  supervisedArithmetic,
} from '../trainers/config/index.ts';
import {
  type SupervisedExample,
  supervisedSequence,
  type TrainerHooks,
  type TrainResult,
  trainSupervised,
} from '../trainers/index.ts';
import { trainCommand } from './commands/train-command.ts';
import { describeModel, describeNumbers, estimateMemory } from './dry-run.ts';
import { assertHeldOut, type LoadSplit, loadSplits } from './resolve/load-splits.ts';
import { pickOptions } from './resolve/pick-options.ts';
import { resolvePolicy } from './resolve/resolve-policy.ts';
import { loadRows, supervisedRows } from './resolve/resolve-rows.ts';
import { trainerHooks } from './trainer-hooks.ts';

/** How this configuration reads rows for a policy. */
const splitLoader =
  (config: SftConfig, policy: Policy): LoadSplit<SupervisedExample> =>
  async (split, limit) => {
    const dataset = await loadRows(config, split, limit);
    const encode = (row: SupervisedExample) =>
      void supervisedSequence(row, policy.tokenizer, sequenceOptions(config, policy));
    return supervisedRows(dataset, config, config.skipBadRows ? encode : undefined);
  };

const sequenceOptions = (config: SftConfig, { model }: Policy) => ({
  ...config,
  contextLength: model.config.maxPositionEmbeddings,
  chatTemplateKwargs: config.chatTemplateKwargs ?? {},
});

async function train(config: SftConfig, hooks: TrainerHooks): Promise<TrainResult> {
  const policy = await resolvePolicy(config, { trainable: true });
  return trainSupervised({
    ...pickOptions(config, sftOptions),
    ...trainerHooks(hooks),
    ...(await loadSplits(config, splitLoader(config, policy))),
    policy,
    chatTemplateKwargs: config.chatTemplateKwargs ?? {},
  });
}

async function dryRun(config: SftConfig): Promise<string> {
  assertHeldOut(config);
  const policy = await resolvePolicy(config, { trainable: true });
  const load = splitLoader(config, policy);
  const { rows, badRows } = await load(config.datasetTrainSplit, config.maxTrainSamples);
  const sequences = rows.map((row) =>
    supervisedSequence(row, policy.tokenizer, sequenceOptions(config, policy)),
  );
  const lengths = sequences.map(({ tokens }) => tokens.length);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const arithmetic = supervisedArithmetic(config, rows.length);
  return describeNumbers([
    ...describeModel(policy),
    ['rows', `${rows.length}${badRows > 0 ? ` (${badRows} skipped)` : ''}`],
    ['examples per step', arithmetic.examplesPerStep],
    ['steps per epoch', arithmetic.stepsPerEpoch],
    ['steps', arithmetic.totalSteps],
    ['tokens per sequence', `mean ${(total / rows.length).toFixed(0)}, longest ${longest}`],
    ['tokens in all', Math.round(total * arithmetic.epochs)],
    ['memory', estimateMemory(policy, { rows: config.perDeviceTrainBatchSize, length: longest })],
  ]);
}

/** `laurel sft` */
export const sftCommand = trainCommand<SftConfig>(sftConfig, { dryRun, train });
