import { sharesPrompts } from '../batches/index.ts';
import type { ConfigSchema } from '../config/index.ts';
import type { PromptExample } from '../data/index.ts';
import { type Policy, resolveSampling, type TokenFilter } from '../policy/index.ts';
import { type Reward, scoreGroups } from '../rewards/index.ts';
import { collectRollouts, makePrompt } from '../rollouts/index.ts';
import { Generator } from '../tensor/index.ts';
import {
  type GroupArithmetic,
  type GrpoConfig,
  groupArithmetic,
  grpoConfig,
  grpoOptions,
} from '../trainers/config/index.ts';
import {
  assertPromptsFit,
  assertRewardColumns,
  type TrainerEvent,
  type TrainerHooks,
  type TrainResult,
  trainPolicyGradient,
} from '../trainers/index.ts';
import type { Prompt } from '../types.ts';
import { trainCommand } from './commands/train-command.ts';
import { describeCompletions } from './describe-completions.ts';
import { describeModel, describeNumbers } from './dry-run.ts';
import { describeMemory } from './dry-run-memory.ts';
import type { MemoryPlan } from './memory-terms.ts';
import { type RewardSettings, resolveReward } from './registry.ts';
import { assertHeldOut, type LoadSplit, loadSplits } from './resolve/load-splits.ts';
import { pickOptions } from './resolve/pick-options.ts';
import {
  describeMonitor,
  type HeldOutRows,
  monitoredRows,
  resolveMonitor,
} from './resolve/resolve-monitor.ts';
import { resolvePolicy } from './resolve/resolve-policy.ts';
import { loadRows, promptRows } from './resolve/resolve-rows.ts';
import { resolveTokenFilter } from './token-filters.ts';
import { trainerHooks } from './trainer-hooks.ts';

/** What every command of this trainer reads. */
export type GroupConfig = Omit<GrpoConfig, 'tokenFilter' | 'tokenFilterOptions'>;

/** Rows whose reward a dry run tries. */
const TRIED_ROWS = 3;

/** The rewards that a configuration names, in order. */
export function resolveRewards(
  config: Pick<GrpoConfig, 'rewardFuncs'> & RewardSettings,
): Promise<Reward[]> {
  return Promise.all(config.rewardFuncs.map((name) => resolveReward(name, config)));
}

const promptOf = (row: PromptExample, { tokenizer }: Policy, config: GroupConfig): Prompt =>
  makePrompt(row, tokenizer, { chatTemplateKwargs: config.chatTemplateKwargs ?? {} });

/** How this configuration reads prompts for a policy. */
const splitLoader =
  (config: GroupConfig, policy: Policy): LoadSplit<PromptExample> =>
  async (split, limit) => {
    const dataset = await loadRows(config, split, limit);
    const check = (row: PromptExample) =>
      assertPromptsFit(policy, [promptOf(row, policy, config)], config.maxCompletionLength);
    return promptRows(dataset, config, config.skipBadRows ? check : undefined);
  };

/** Prompts that a monitor looks at. */
async function heldOut(config: GroupConfig, policy: Policy): Promise<HeldOutRows> {
  const load = splitLoader(config, policy);
  const { rows } = await load(config.datasetTestSplit, monitoredRows(config));
  return { prompts: rows, pairs: [] };
}

/** The token filter of a resolved configuration. */
type FilterOf<Config> = (config: Config, policy: Policy) => TokenFilter | undefined;

async function train<Config extends GroupConfig>(
  config: Config,
  hooks: TrainerHooks,
  filterOf: FilterOf<Config>,
): Promise<TrainResult> {
  const policy = await resolvePolicy(config, { trainable: true });
  const splits = await loadSplits(config, splitLoader(config, policy));
  const callbacks = await resolveMonitor(config, policy, () => heldOut(config, policy));
  return trainPolicyGradient({
    ...pickOptions(config, grpoOptions),
    ...trainerHooks(hooks, { onEvent: printCompletions(config), callbacks }),
    ...splits,
    policy,
    reward: await resolveRewards(config),
    tokenFilter: filterOf(config, policy),
    chatTemplateKwargs: config.chatTemplateKwargs ?? {},
  });
}

/** Prints completions every `logging_steps` where asked for. */
function printCompletions({ logCompletions, loggingSteps, numCompletionsToPrint }: GroupConfig) {
  return (event: TrainerEvent): void => {
    if (
      !logCompletions ||
      event.type !== 'rollout-end' ||
      event.step % Math.max(1, loggingSteps) !== 0
    )
      return;
    console.error(
      describeCompletions(event.groups, event.rewards, numCompletionsToPrint ?? Infinity),
    );
  };
}

const longestOf = (prompts: readonly Prompt[]): number =>
  prompts.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);

/** The most prompts that sequences of a micro-batch continue. */
function promptsOfMicroBatch(config: GroupConfig, { stepsPerGeneration }: GroupArithmetic): number {
  const { perDeviceTrainBatchSize: rows, numGenerations: group } = config;
  const isOneStep = config.gradientAccumulationSteps % stepsPerGeneration === 0;
  if (!isOneStep || config.topEntropyQuantile !== 1) return rows;
  if (group % rows === 0) return 1;
  return rows % group === 0 ? rows / group : Math.min(rows, Math.ceil(rows / group) + 1);
}

/** What sampling and updates hold at one time, for these prompts. */
function memoryPlan(
  config: GroupConfig,
  arithmetic: GroupArithmetic,
  read: readonly Prompt[],
): MemoryPlan {
  const { perDeviceTrainBatchSize: rows, maxCompletionLength: completionLength } = config;
  const { promptsPerGeneration: prompts, generationBatchSize: completions } = arithmetic;
  const promptLength = longestOf(read);
  const isPadded = read.some(({ tokens }) => tokens.length !== promptLength);
  const sharedTokens = (rows - promptsOfMicroBatch(config, arithmetic)) * promptLength;
  return {
    rows,
    length: promptLength + completionLength,
    sharedTokens: sharesPrompts(rows * (promptLength + completionLength), sharedTokens)
      ? sharedTokens
      : 0,
    targets: rows * completionLength,
    accumulates: config.gradientAccumulationSteps > 1,
    gradientCheckpointing: config.gradientCheckpointing,
    hasReference: config.beta !== 0,
    sampling: { prompts, completions, promptLength, completionLength, isPadded },
  };
}

async function dryRun<Config extends GroupConfig>(
  config: Config,
  filterOf: FilterOf<Config>,
): Promise<string> {
  assertHeldOut(config);
  const policy = await resolvePolicy(config, { trainable: true });
  filterOf(config, policy);
  const rewards = await resolveRewards(config);
  const load = splitLoader(config, policy);
  const { rows, badRows } = await load(config.datasetTrainSplit, config.maxTrainSamples);
  const prompts = rows.map((row) => promptOf(row, policy, config));
  assertRewardColumns(rewards, prompts);
  const longest = longestOf(prompts);
  const arithmetic = groupArithmetic(config, rows.length);
  const numbers = describeNumbers([
    ...describeModel(policy),
    ['rows', `${rows.length}${badRows > 0 ? ` (${badRows} skipped)` : ''}`],
    ['prompts per step', arithmetic.promptsPerStep],
    ['completions per update', arithmetic.completionsPerStep],
    ['completions sampled at a time', arithmetic.generationBatchSize],
    ['steps per epoch', arithmetic.stepsPerEpoch],
    ['steps', arithmetic.totalSteps],
    ['longest prompt', `${longest} tokens`],
    [
      'tokens per step, at most',
      arithmetic.maxCompletionTokensPerStep + longest * arithmetic.completionsPerStep,
    ],
    ...describeMonitor(config),
    ...describeMemory(policy, memoryPlan(config, arithmetic, prompts)),
  ]);
  return `${numbers}\n${await tryRewards(policy, prompts.slice(0, TRIED_ROWS), rewards, config)}\n`;
}

/** Samples two completions of a few rows and shows what each reward says of them. */
async function tryRewards(
  policy: Policy,
  prompts: readonly Prompt[],
  rewards: readonly Reward[],
  config: GroupConfig,
): Promise<string> {
  const sampling = resolveSampling(config);
  const groups = await collectRollouts(policy, prompts, {
    groupSize: 2,
    sampling,
    generator: new Generator(config.seed),
  });
  const scores = await scoreGroups(groups, rewards, { timeoutMs: config.rewardTimeoutMs });
  const failures = scores.failures.flatMap(({ name, firstError }) =>
    firstError === undefined ? [] : [`${name}: ${firstError}`],
  );
  return [
    'The rewards on the first rows:',
    describeCompletions(groups, scores.totals, Infinity),
    ...failures,
  ].join('\n');
}

/** A command of the policy-gradient trainer, and the token filter its configuration asks for. */
export const groupTrainCommand = <Config extends GroupConfig>(
  schema: ConfigSchema,
  filterOf: FilterOf<Config>,
) =>
  trainCommand<Config>(schema, {
    dryRun: (config) => dryRun(config, filterOf),
    train: (config, hooks) => train(config, hooks, filterOf),
  });

/** `laurel grpo` */
export const grpoCommand = groupTrainCommand<GrpoConfig>(grpoConfig, resolveTokenFilter);
