import { microBatches, paddingShare } from '../batches/index.ts';
import { lengthGroupedOrder } from '../data/index.ts';
import type { Policy } from '../policy/index.ts';
import {
  type SftConfig,
  sftConfig,
  sftOptions,
  supervisedArithmetic,
} from '../trainers/config/index.ts';
import {
  encodeRows,
  rowLayout,
  type SupervisedExample,
  type SupervisedRow,
  supervisedSequence,
  type TrainerHooks,
  type TrainResult,
  tokensOf,
  trainSupervised,
} from '../trainers/index.ts';
import { trainCommand } from './commands/train-command.ts';
import { describeModel, describeNumbers } from './dry-run.ts';
import { describeMemory } from './dry-run-memory.ts';
import { assertHeldOut, type LoadSplit, loadSplits } from './resolve/load-splits.ts';
import { pickOptions } from './resolve/pick-options.ts';
import {
  describeMonitor,
  type HeldOutRows,
  monitoredRows,
  resolveMonitor,
} from './resolve/resolve-monitor.ts';
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

/** Completions, and prompts where rows have them, that a monitor looks at. */
async function heldOut(config: SftConfig, policy: Policy): Promise<HeldOutRows> {
  const load = splitLoader(config, policy);
  const { rows } = await load(config.datasetTestSplit, monitoredRows(config));
  const pairs = rows.slice(0, config.monitorPairs).map((row) => ({
    chosen: supervisedSequence(row, policy.tokenizer, sequenceOptions(config, policy)),
  }));
  return { prompts: rows.flatMap((row) => ('prompt' in row ? [row] : [])), pairs };
}

async function train(config: SftConfig, hooks: TrainerHooks): Promise<TrainResult> {
  const policy = await resolvePolicy(config, { trainable: true });
  const splits = await loadSplits(config, splitLoader(config, policy));
  const callbacks = await resolveMonitor(config, policy, () => heldOut(config, policy));
  return trainSupervised({
    ...pickOptions(config, sftOptions),
    ...trainerHooks(hooks, { callbacks }),
    ...splits,
    policy,
    chatTemplateKwargs: config.chatTemplateKwargs ?? {},
  });
}

async function dryRun(config: SftConfig): Promise<string> {
  assertHeldOut(config);
  const policy = await resolvePolicy(config, { trainable: true });
  const load = splitLoader(config, policy);
  const { rows, badRows } = await load(config.datasetTrainSplit, config.maxTrainSamples);
  const encoded = encodeRows(rows, policy.tokenizer, sequenceOptions(config, policy));
  const lengths = encoded.flat().map(({ tokens }) => tokens.length);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const longestRow = encoded.reduce((most, row) => Math.max(most, tokensOf([row])), 0);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const arithmetic = supervisedArithmetic(config, encoded.length);
  return describeNumbers([
    ...describeModel(policy),
    ['rows', `${rows.length}${badRows > 0 ? ` (${badRows} skipped)` : ''}`],
    ...(config.packing ? [['packed rows', encoded.length] as const] : []),
    [config.packing ? 'packed rows per step' : 'examples per step', arithmetic.examplesPerStep],
    ['steps per epoch', arithmetic.stepsPerEpoch],
    ['steps', arithmetic.totalSteps],
    ['tokens per sequence', `mean ${(total / lengths.length).toFixed(0)}, longest ${longest}`],
    ['padding', `${(100 * paddingOf(encoded, config)).toFixed(0)}% of a micro-batch's places`],
    ['tokens in all', Math.round(total * arithmetic.epochs)],
    ...describeMonitor(config),
    ...describeMemory(policy, {
      rows: config.perDeviceTrainBatchSize,
      length: longestRow,
      accumulates: config.gradientAccumulationSteps > 1,
      gradientCheckpointing: config.gradientCheckpointing,
      hasReference: false,
    }),
  ]);
}

/** The padded share of an epoch, in the order of the file or of lengths. */
function paddingOf(rows: readonly SupervisedRow[], config: SftConfig): number {
  const { perDeviceTrainBatchSize: size, gradientAccumulationSteps, seed } = config;
  const lengths = rows.map((row) => tokensOf([row]));
  const order =
    config.trainSamplingStrategy === 'group_by_length'
      ? lengthGroupedOrder(lengths, 0, { batchSize: size * gradientAccumulationSteps, seed })
      : rows.keys();
  const batches = microBatches([...order], size).map((batch) =>
    batch.flatMap((row) => rows[row]!.map(({ tokens }) => tokens.length)),
  );
  return paddingShare(batches, rowLayout(config));
}

/** `laurel sft` */
export const sftCommand = trainCommand<SftConfig>(sftConfig, { dryRun, train });
