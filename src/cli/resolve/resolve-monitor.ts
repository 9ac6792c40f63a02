import type { PromptExample } from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import type { Policy } from '../../policy/index.ts';
import { makePrompt } from '../../rollouts/index.ts';
import type { SftConfig } from '../../trainers/config/index.ts';
import {
  assertRewardColumns,
  type HeldOutPair,
  monitor,
  type TrainerCallback,
  type WinOptions,
} from '../../trainers/index.ts';
import type { Prompt } from '../../types.ts';
import { resolveReward } from '../registry.ts';
import { resolveTurnDetector } from '../turn-detectors.ts';
import { resolvePolicy } from './resolve-policy.ts';

/** Options of a training command that a monitor is made from. */
export type MonitorConfig = Pick<
  SftConfig,
  | keyof Parameters<typeof resolvePolicy>[0]
  | 'monitorSteps'
  | 'monitorPrompts'
  | 'monitorPairs'
  | 'monitorNumGenerations'
  | 'monitorMaxCompletionLength'
  | 'monitorTemperature'
  | 'monitorTopP'
  | 'monitorTopK'
  | 'monitorDiversityTokens'
  | 'monitorWinReward'
  | 'monitorSmoothing'
  | 'monitorPatience'
  | 'monitorEntropyHysteresis'
  | 'monitorMassHysteresis'
  | 'earlyStop'
  | 'perDeviceEvalBatchSize'
  | 'resumeFromCheckpoint'
  | 'chatTemplateKwargs'
> & { readonly solutionColumn?: string };

/** Held-out rows as a trainer reads them. */
export interface HeldOutRows {
  readonly prompts: readonly PromptExample[];
  readonly pairs: readonly HeldOutPair[];
}

/** What a monitor will look at, for a dry run. */
export function describeMonitor(config: MonitorConfig): [string, string][] {
  const { monitorSteps: steps, monitorPrompts, monitorNumGenerations, monitorPairs } = config;
  if (steps === null) return [];
  const often = steps < 1 ? `every ${steps} of the run` : `every ${steps} steps`;
  const stops = config.earlyStop === null ? '' : `; early stop: ${config.earlyStop}`;
  const completions = `${monitorNumGenerations} × ${config.monitorMaxCompletionLength} tokens`;
  return [
    [
      'monitor',
      `${often}: ${completions} of up to ${monitorPrompts} prompts, up to ${monitorPairs} pairs${stops}`,
    ],
  ];
}

/** How many held-out rows a monitor reads. */
export const monitoredRows = ({
  monitorPrompts,
  monitorPairs,
}: Pick<MonitorConfig, 'monitorPrompts' | 'monitorPairs'>): number =>
  Math.max(monitorPrompts, monitorPairs);

/** Prompts that leave the context room for a completion; says how many do not. */
function fittingPrompts(
  rows: readonly PromptExample[],
  { tokenizer, model }: Policy,
  config: MonitorConfig,
): Prompt[] {
  const { monitorPrompts, monitorMaxCompletionLength } = config;
  const chatTemplateKwargs = config.chatTemplateKwargs ?? {};
  const asked = rows.slice(0, monitorPrompts).filter(({ prompt }) => prompt.length > 0);
  const prompts = asked.map((row) => makePrompt(row, tokenizer, { chatTemplateKwargs }));
  const room = model.config.maxPositionEmbeddings - monitorMaxCompletionLength;
  const fitting = prompts.filter(({ tokens }) => tokens.length <= room);
  if (fitting.length < prompts.length) {
    const tooLong = prompts.length - fitting.length;
    console.error(
      `monitor: ${tooLong} of ${prompts.length} held-out prompts leave no room for ${monitorMaxCompletionLength} tokens and are passed over.`,
    );
  }
  return fitting;
}

/** @throws ConfigError where a run is to stop early by completions that cannot be drawn. */
function assertPrompts(
  prompts: readonly Prompt[],
  { earlyStop, monitorMaxCompletionLength }: MonitorConfig,
): void {
  if (prompts.length > 0) return;
  const found = `no held-out row has a prompt that leaves room for ${monitorMaxCompletionLength} tokens`;
  if (earlyStop !== null)
    throw new ConfigError(
      `early_stop: ${earlyStop} reads completions, and ${found}; lower monitor_max_completion_length, or give prompts`,
    );
  console.error(`monitor: ${found}; only likelihoods are measured.`);
}

async function resolveWin(
  config: MonitorConfig,
  prompts: readonly Prompt[],
): Promise<{ win: WinOptions } | undefined> {
  const { monitorWinReward: name, monitorMaxCompletionLength: maxCompletionLength } = config;
  if (name === null) return undefined;
  const { solutionColumn = 'solution' } = config;
  const reward = await resolveReward(name, { ...config, solutionColumn, maxCompletionLength });
  assertRewardColumns(reward, prompts);
  // A run that starts anew draws from its own policy, before any step; one that goes on may have to load it again.
  const isResumed = Boolean(config.resumeFromCheckpoint);
  const reference = () => resolvePolicy(config, { trainable: false });
  return { win: { reward, ...(isResumed && { reference }) } };
}

/** The monitor that a configuration asks for, where it does; `held` is read only then. */
export async function resolveMonitor(
  config: MonitorConfig,
  policy: Policy,
  held: () => Promise<HeldOutRows>,
): Promise<TrainerCallback[]> {
  if (config.monitorSteps === null) return [];
  const detector = resolveTurnDetector(config.earlyStop ?? 'likelihood', {
    smoothing: config.monitorSmoothing,
    patience: config.monitorPatience,
    entropyHysteresis: config.monitorEntropyHysteresis,
    massHysteresis: config.monitorMassHysteresis,
    topK: config.monitorTopK,
  });
  const rows = await held();
  const prompts = fittingPrompts(rows.prompts, policy, config);
  assertPrompts(prompts, config);
  const { monitorDiversityTokens: diversityTokens } = config;
  const callback = monitor(policy, {
    steps: config.monitorSteps,
    prompts,
    pairs: rows.pairs.slice(0, config.monitorPairs),
    groupSize: config.monitorNumGenerations,
    maxCompletionLength: config.monitorMaxCompletionLength,
    temperature: config.monitorTemperature,
    topP: config.monitorTopP,
    topK: config.monitorTopK,
    ...(diversityTokens !== null && { diversityTokens }),
    batchSize: config.perDeviceEvalBatchSize,
    seed: config.seed,
    ...(await resolveWin(config, prompts)),
    detector,
    stopsEarly: config.earlyStop !== null,
  });
  return [callback];
}
