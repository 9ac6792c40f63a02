import { parseConfig, toYaml } from '../config/index.ts';
import type { PromptExample } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import type { Metrics } from '../metrics/index.ts';
import { trainableParameters } from '../models/index.ts';
import { adamW, decayGroups } from '../optim/index.ts';
import type { Policy, TokenFilter } from '../policy/index.ts';
import type { RewardLike } from '../rewards/index.ts';
import {
  type DrawGroups,
  independentGroups,
  makePrompt,
  type PromptOptions,
  type TokensPrompt,
} from '../rollouts/index.ts';
import type { Prompt } from '../types.ts';
import { assertEvaluable } from './assert-evaluable.ts';
import { assertReferenceMoves } from './assert-reference-moves.ts';
import { assertRewardColumns } from './assert-reward-columns.ts';
import { type GrpoOptionsInput, groupArithmetic, grpoOptions } from './config/index.ts';
import { type MeasureGroups, PolicyGradientTask } from './policy-gradient-task.ts';
import { type TrainerHooks, type TrainResult, takeHooks } from './trainer-events.ts';
import { runTraining } from './training-loop.ts';

/** A row to sample completions for: its prompt as text, conversation or tokens. */
export type PolicyPrompt = PromptExample | TokensPrompt;

/** What the policy-gradient trainer takes: a policy, prompts, rewards, and the options of `docs/trainers/grpo.md` in camelCase. */
export interface PolicyGradientTraining extends TrainerHooks, GrpoOptionsInput, PromptOptions {
  readonly policy: Policy;
  readonly examples: readonly PolicyPrompt[];
  /** What is maximised: one or several rewards, added with `rewardWeights`. */
  readonly reward: RewardLike | readonly RewardLike[];
  readonly evalExamples?: readonly PolicyPrompt[];
  /** Further held-out measurements, by metric name without `eval_`. */
  readonly evaluate?: (policy: Policy, signal: AbortSignal) => Promise<Metrics>;
  /** What rewards may ask for by name. */
  readonly capabilities?: Readonly<Record<string, unknown>>;
  /** Decides which sampled tokens each update trains on; all of them unless given. */
  readonly tokenFilter?: TokenFilter | undefined;
  /** How the completions that are compared are drawn; independently unless given. */
  readonly drawGroups?: DrawGroups | undefined;
  /** Further metrics of drawn groups and their rewards [P][G]. */
  readonly measureGroups?: MeasureGroups | undefined;
}

/**
 * Policy-gradient training: sample groups of completions, score them, raise the better ones. GRPO and its relatives
 * are presets of its loss (`lossType`).
 * Shao et al. 2024, arXiv:2402.03300.
 * @throws ConfigError, DataError before the first step for options or rows that cannot work.
 */
export async function trainPolicyGradient(training: PolicyGradientTraining): Promise<TrainResult> {
  const { hooks, rest } = takeHooks(training);
  const {
    policy,
    examples,
    reward,
    evalExamples = [],
    evaluate,
    capabilities = {},
    tokenFilter,
    drawGroups = independentGroups,
    measureGroups,
    chatTemplateKwargs,
    ...input
  } = rest;
  const options = parseConfig(grpoOptions, input);
  assertReferenceMoves(policy, options.syncRefModel);
  const toPrompt = (row: PolicyPrompt) =>
    makePrompt(
      row,
      policy.tokenizer,
      chatTemplateKwargs === undefined ? {} : { chatTemplateKwargs },
    );
  const prompts = examples.map(toPrompt);
  const held = evalExamples.map(toPrompt);
  assertPromptsFit(policy, [...prompts, ...held], options.maxCompletionLength);
  assertRewardColumns(reward, [...prompts, ...held]);
  assertEvaluable(options.evalStrategy, held, evaluate);
  const arithmetic = groupArithmetic(options, prompts.length);
  const optimizer = adamW(decayGroups(trainableParameters(policy.model), options.weightDecay), {
    beta1: options.adamBeta1,
    beta2: options.adamBeta2,
    epsilon: options.adamEpsilon,
  });
  const task = new PolicyGradientTask({
    learner: { policy, optimizer, maxGradNorm: options.maxGradNorm },
    prompts,
    held,
    reward,
    options,
    arithmetic,
    evaluate,
    capabilities,
    tokenFilter,
    drawGroups,
    measureGroups,
    onEvent: hooks.onEvent,
  });
  const configYaml = toYaml(options, grpoOptions);
  return runTraining(task, options, { trainer: 'grpo', configYaml, arithmetic }, hooks);
}

/** @throws ConfigError naming the first prompt that leaves the model's context no room for a completion. */
export function assertPromptsFit(
  { model }: Policy,
  prompts: readonly Prompt[],
  maxCompletionLength: number,
): void {
  const context = model.config.maxPositionEmbeddings;
  const tooLong = prompts.find(({ tokens }) => tokens.length + maxCompletionLength > context);
  if (tooLong === undefined) return;
  const longest = prompts.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
  const advice =
    longest < context
      ? `Set max_completion_length to at most ${context - longest}, or leave out longer rows.`
      : `Leave out rows of ${context} tokens or more.`;
  throw new ConfigError(
    `row ${tooLong.example.index}: its prompt has ${tooLong.tokens.length} tokens; with max_completion_length ${maxCompletionLength} it exceeds the model's context of ${context}. ${advice}`,
  );
}
