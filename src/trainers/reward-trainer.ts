import { parseConfig, toYaml } from '../config/index.ts';
import type { PreferenceExample } from '../data/index.ts';
import type { Metrics } from '../metrics/index.ts';
import { parameters } from '../models/index.ts';
import { adamW, decayGroups } from '../optim/index.ts';
import type { RewardModel } from '../policy/index.ts';
import type { PromptOptions } from '../rollouts/index.ts';
import { assertEvaluable } from './assert-evaluable.ts';
import { type RewardOptionsInput, rewardOptions, supervisedArithmetic } from './config/index.ts';
import { rewardPairs } from './reward-pair.ts';
import { RewardTask } from './reward-task.ts';
import { type TrainerHooks, type TrainResult, takeHooks } from './trainer-events.ts';
import { runTraining } from './training-loop.ts';

/** What the reward-model trainer takes: a model, pairs, and the options of `docs/trainers/reward.md` in camelCase. */
export interface RewardTraining extends TrainerHooks, RewardOptionsInput, PromptOptions {
  readonly rewardModel: RewardModel;
  /** Pairs; a row's column `margin`, where there is one, says by how much the better text should lead. */
  readonly examples: readonly PreferenceExample[];
  readonly evalExamples?: readonly PreferenceExample[];
  /** Further held-out measurements, by metric name without `eval_`. */
  readonly evaluate?: (rewardModel: RewardModel, signal: AbortSignal) => Promise<Metrics>;
}

/**
 * Trains a reward model to score the better of two texts above the worse: maximum likelihood under the Bradley–Terry
 * model of preferences.
 * Ouyang et al. 2022, arXiv:2203.02155, Eq. 1.
 * @throws ConfigError, DataError before the first step for options or rows that cannot work.
 */
export async function trainRewardModel(training: RewardTraining): Promise<TrainResult> {
  const { hooks, rest } = takeHooks(training);
  const {
    rewardModel,
    examples,
    evalExamples = [],
    evaluate,
    chatTemplateKwargs = {},
    ...input
  } = rest;
  const options = parseConfig(rewardOptions, input);
  const { model, tokenizer } = rewardModel;
  const { maxPositionEmbeddings: contextLength } = model.config;
  const pairOptions = { maxLength: options.maxLength, contextLength, chatTemplateKwargs };
  const train = rewardPairs(examples, tokenizer, pairOptions);
  const held = rewardPairs(evalExamples, tokenizer, pairOptions);
  assertEvaluable(options.evalStrategy, held.pairs, evaluate);
  const arithmetic = supervisedArithmetic(options, train.pairs.length);
  const optimizer = adamW(decayGroups(parameters(model), options.weightDecay), {
    beta1: options.adamBeta1,
    beta2: options.adamBeta2,
    epsilon: options.adamEpsilon,
  });
  const learner = { policy: rewardModel, optimizer, maxGradNorm: options.maxGradNorm };
  const task = new RewardTask({ learner, train, held, options, evaluate });
  const configYaml = toYaml(options, rewardOptions);
  return runTraining(task, options, { trainer: 'reward', configYaml, arithmetic }, hooks);
}
