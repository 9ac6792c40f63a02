import { parseConfig, toYaml } from '../config/index.ts';
import type { PreferenceExample } from '../data/index.ts';
import type { Metrics } from '../metrics/index.ts';
import { trainableParameters } from '../models/index.ts';
import { adamW, decayGroups } from '../optim/index.ts';
import type { Policy } from '../policy/index.ts';
import type { PromptOptions } from '../rollouts/index.ts';
import { assertEvaluable } from './assert-evaluable.ts';
import { assertReferenceMoves } from './assert-reference-moves.ts';
import { type DpoOptionsInput, dpoOptions, supervisedArithmetic } from './config/index.ts';
import { preferencePair, type TokensPreference } from './preference-pair.ts';
import { PreferenceTask } from './preference-task.ts';
import { type TrainerHooks, type TrainResult, takeHooks } from './trainer-events.ts';
import { runTraining } from './training-loop.ts';

/** What the preference trainer takes: a policy, pairs, and the options of `docs/trainers/dpo.md` in camelCase. */
export interface PreferenceTraining extends TrainerHooks, DpoOptionsInput, PromptOptions {
  readonly policy: Policy;
  readonly examples: readonly (PreferenceExample | TokensPreference)[];
  /** What the policy is held to; the policy as it is before training unless given. */
  readonly reference?: Policy;
  readonly evalExamples?: readonly (PreferenceExample | TokensPreference)[];
  /** Further held-out measurements, by metric name without `eval_`. */
  readonly evaluate?: (policy: Policy, signal: AbortSignal) => Promise<Metrics>;
}

/**
 * Direct alignment: raises the better of two completions over the worse, held to a reference. DPO, IPO and the hinge are
 * presets of its loss (`lossType`).
 * Rafailov et al. 2023, arXiv:2305.18290.
 * @throws ConfigError, DataError before the first step for options or rows that cannot work.
 */
export async function trainPreference(training: PreferenceTraining): Promise<TrainResult> {
  const { hooks, rest } = takeHooks(training);
  const {
    policy,
    examples,
    reference = policy,
    evalExamples = [],
    evaluate,
    chatTemplateKwargs = {},
    ...input
  } = rest;
  const options = parseConfig(dpoOptions, input);
  assertReferenceMoves(policy, options.syncRefModel);
  const { maxPositionEmbeddings: contextLength } = policy.model.config;
  const pairOptions = { maxLength: options.maxLength, contextLength, chatTemplateKwargs };
  const encode = (row: PreferenceExample | TokensPreference) =>
    preferencePair(row, policy.tokenizer, pairOptions);
  const rows = { train: examples.map(encode), held: evalExamples.map(encode) };
  assertEvaluable(options.evalStrategy, rows.held, evaluate);
  const arithmetic = supervisedArithmetic(options, rows.train.length);
  const optimizer = adamW(decayGroups(trainableParameters(policy.model), options.weightDecay), {
    beta1: options.adamBeta1,
    beta2: options.adamBeta2,
    epsilon: options.adamEpsilon,
  });
  const learner = { policy, optimizer, maxGradNorm: options.maxGradNorm };
  const task = new PreferenceTask({ learner, rows, reference, options, evaluate });
  const configYaml = toYaml(options, dpoOptions);
  return runTraining(task, options, { trainer: 'dpo', configYaml, arithmetic }, hooks);
}
