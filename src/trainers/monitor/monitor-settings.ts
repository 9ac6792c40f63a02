import { ConfigError } from '../../errors.ts';
import { type Policy, type ResolvedSampling, resolveSampling } from '../../policy/index.ts';
import type { Prompt } from '../../types.ts';
import { rowsFingerprint } from '../rows-fingerprint.ts';
import type { HeldOutPair } from './measure-pairs.ts';

/** What a monitor looks at, and how often. */
export interface MonitorSettings {
  /** Steps between measurements; below 1: share of all steps. The first is before the first step. */
  readonly steps: number;
  /** Held-out prompts that completions are drawn of. */
  readonly prompts?: readonly Prompt[];
  /** Held-out pairs, or completions, whose likelihood is measured. */
  readonly pairs?: readonly HeldOutPair[];
  /** Completions drawn of each prompt. */
  readonly groupSize?: number;
  readonly maxCompletionLength?: number;
  readonly temperature?: number;
  readonly topP?: number;
  /** k of entropy and mass. */
  readonly topK?: number;
  /** Tokens counted for cross-input diversity; a quarter of the most there can be unless given. */
  readonly diversityTokens?: number;
  /** Sequences read at one time. */
  readonly batchSize?: number;
  /** Completions drawn side by side. */
  readonly batchRows?: number;
  readonly seed?: number;
  /** Whether the first turning point ends the run, with the checkpoint at it or before it. */
  readonly stopsEarly?: boolean;
}

/** Settings with nothing left out. */
export interface ResolvedMonitor extends Required<MonitorSettings> {
  readonly sampling: ResolvedSampling;
}

/** Temperature and top-p are those of Shi et al. 2024, arXiv:2410.11677. */
const defaults = {
  prompts: [],
  pairs: [],
  groupSize: 2,
  maxCompletionLength: 64,
  temperature: 0.5,
  topP: 0.75,
  topK: 10,
  batchSize: 8,
  batchRows: 64,
  seed: 42,
  stopsEarly: false,
} as const satisfies Partial<MonitorSettings>;

/**
 * Fills in what is left out.
 * @throws ConfigError without prompts and pairs, or naming the first prompt that leaves no room for a completion.
 */
export function resolveMonitor(policy: Policy, settings: MonitorSettings): ResolvedMonitor {
  const known = { ...defaults, ...settings };
  const { maxCompletionLength, temperature, topP, prompts, pairs } = known;
  if (prompts.length + pairs.length === 0)
    throw new ConfigError('monitor: needs held-out prompts or pairs to measure');
  assertRoom(policy, prompts, maxCompletionLength);
  return {
    diversityTokens: Math.ceil((prompts.length * maxCompletionLength) / 4),
    ...known,
    sampling: resolveSampling({ maxCompletionLength, temperature, topP }),
  };
}

function assertRoom(
  { model }: Policy,
  prompts: readonly Prompt[],
  maxCompletionLength: number,
): void {
  const context = model.config.maxPositionEmbeddings;
  const long = prompts.find(({ tokens }) => tokens.length + maxCompletionLength > context);
  if (long === undefined) return;
  throw new ConfigError(
    `monitor: the prompt of row ${long.example.index} has ${long.tokens.length} tokens; with completions of ${maxCompletionLength} it exceeds the model's context of ${context}. Leave it out, or shorten the monitor's completions`,
  );
}

/** What measurements depend on, small enough for a checkpoint. */
export const settingsOf = ({ prompts, pairs, sampling, ...settings }: ResolvedMonitor) => ({
  prompts: rowsFingerprint(prompts.map(({ tokens }) => tokens)),
  pairs: rowsFingerprint(
    pairs.flatMap(({ chosen, rejected }) => [chosen.tokens, rejected?.tokens ?? []]),
  ),
  steps: settings.steps,
  completions: settings.groupSize,
  maxCompletionLength: sampling.maxCompletionLength,
  temperature: sampling.temperature,
  topP: sampling.topP,
  topK: settings.topK,
  diversityTokens: settings.diversityTokens,
  seed: settings.seed,
});
