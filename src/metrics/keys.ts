/**
 * Every metric key, once. Names are TRL's and Transformers' where they have one;
 * those under `time/`, `rollout/` and `engine/`, and the `nonfinite_*` counts, are Laurel's.
 */
import { groupMetrics } from './group-keys.ts';
import type { MetricDefinition } from './metric-definition.ts';
import { monitorMetrics } from './monitor-keys.ts';
import { preferenceMetrics } from './preference-keys.ts';
import { rankingMetrics } from './ranking-keys.ts';
import { rewardModelMetrics } from './reward-model-keys.ts';
import { tokenFilterMetrics } from './token-filter-keys.ts';

const all = ['sft', 'dpo', 'reward', 'grpo'] as const;
const policies = ['sft', 'dpo', 'grpo'] as const;
const supervised = ['sft', 'dpo'] as const;
const grpo = ['grpo'] as const;

const overTokens = 'Mean over the completion tokens of the micro-batch.';
const overCompletions = 'Over the completions of one generation.';
const overScored = 'Over the completions of one generation that have a reward.';

/** Keys with a fixed name. */
export const fixedMetrics = {
  loss: {
    unit: 'nats',
    definition: 'Loss that is minimised.',
    estimator: 'Mean over the steps logged.',
    trainers: all,
  },
  grad_norm: {
    unit: '1',
    definition: 'Global L2 norm of the gradient before clipping.',
    reduction: 'last',
    trainers: all,
  },
  learning_rate: {
    unit: '1',
    definition: 'Learning rate of the last step.',
    reduction: 'last',
    trainers: all,
  },
  epoch: {
    unit: 'passes',
    definition: 'Passes over the training rows so far.',
    reduction: 'last',
    trainers: all,
  },
  num_tokens: {
    unit: 'tokens',
    definition: 'Tokens seen so far: prompts and completions.',
    reduction: 'last',
    trainers: all,
  },
  entropy: {
    unit: 'nats',
    definition: 'Entropy of the next-token distribution.',
    estimator: 'Mean over trained tokens.',
    trainers: policies,
  },
  mean_token_accuracy: {
    unit: 'share',
    definition:
      'Trained tokens (of preferences: of the better completions) that are the likeliest one, of the vocabulary or of those that could come next where the likelihood is constrained to them.',
    trainers: supervised,
  },

  ...preferenceMetrics,
  ...rewardModelMetrics,
  ...monitorMetrics,
  ...tokenFilterMetrics,
  ...rankingMetrics,
  ...groupMetrics,

  reward: {
    unit: 'reward',
    definition: 'Weighted sum of rewards.',
    estimator: `Mean. ${overScored}`,
    trainers: grpo,
  },
  reward_std: {
    unit: 'reward',
    definition: 'Standard deviation of the weighted sum.',
    estimator: `With Bessel’s correction. ${overScored}`,
    trainers: grpo,
  },
  frac_reward_zero_std: {
    unit: 'share',
    definition: 'Groups whose completions all have the same reward, and so teach nothing.',
    trainers: grpo,
  },
  policy_loss: {
    unit: 'nats',
    definition: 'Policy loss and KL without the entropy bonus.',
    trainers: grpo,
    when: 'entropy_coef > 0',
  },
  entropy_coef: {
    unit: '1',
    definition: 'Weight of the entropy bonus.',
    trainers: grpo,
    when: 'entropy_coef > 0',
  },
  kl: {
    unit: 'nats',
    definition: 'KL divergence of the policy from the reference model.',
    estimator: `By kl_estimator. ${overTokens}`,
    trainers: grpo,
    when: 'beta > 0',
  },
  'clip_ratio/low_mean': {
    unit: 'share',
    definition: 'Tokens with a negative advantage whose ratio is below 1 − epsilon.',
    estimator: overTokens,
    trainers: grpo,
    when: 'a loss_type that clips',
  },
  'clip_ratio/low_min': {
    unit: 'share',
    definition: 'The same, of the completion with the fewest.',
    trainers: grpo,
    when: 'a loss_type that clips',
  },
  'clip_ratio/high_mean': {
    unit: 'share',
    definition: 'Tokens with a positive advantage whose ratio is above 1 + epsilon_high.',
    estimator: overTokens,
    trainers: grpo,
    when: 'a loss_type that clips',
  },
  'clip_ratio/high_max': {
    unit: 'share',
    definition: 'The same, of the completion with the most.',
    trainers: grpo,
    when: 'a loss_type that clips',
  },
  'clip_ratio/region_mean': {
    unit: 'share',
    definition: 'Tokens clipped on either side.',
    estimator: overTokens,
    trainers: grpo,
    when: 'a loss_type that clips',
  },
  cispo_clip_ratio: {
    unit: 'share',
    definition: 'Tokens with a positive advantage whose ratio is above epsilon_high.',
    estimator: overTokens,
    trainers: grpo,
    when: 'loss_type: cispo',
  },
  'completions/mean_length': {
    unit: 'tokens',
    definition: 'Mean completion length.',
    estimator: overCompletions,
    trainers: grpo,
  },
  'completions/min_length': {
    unit: 'tokens',
    definition: 'Shortest completion.',
    estimator: overCompletions,
    trainers: grpo,
  },
  'completions/max_length': {
    unit: 'tokens',
    definition: 'Longest completion.',
    estimator: overCompletions,
    trainers: grpo,
  },
  'completions/clipped_ratio': {
    unit: 'share',
    definition: 'Completions cut by max_completion_length.',
    estimator: overCompletions,
    trainers: grpo,
  },
  'completions/mean_terminated_length': {
    unit: 'tokens',
    definition: 'Mean length of completions that ended by themselves; 0 when none did.',
    estimator: overCompletions,
    trainers: grpo,
  },
  'completions/min_terminated_length': {
    unit: 'tokens',
    definition: 'Shortest completion that ended by itself; 0 when none did.',
    estimator: overCompletions,
    trainers: grpo,
  },
  'completions/max_terminated_length': {
    unit: 'tokens',
    definition: 'Longest completion that ended by itself; 0 when none did.',
    estimator: overCompletions,
    trainers: grpo,
  },
  'sampling/sampling_logp_difference/mean': {
    unit: 'nats',
    definition:
      'Difference between a token’s log-probability when sampled and when scored, before any update.',
    estimator: 'Mean absolute value over completion tokens.',
    trainers: grpo,
  },
  'sampling/sampling_logp_difference/max': {
    unit: 'nats',
    definition: 'The same, its largest absolute value.',
    trainers: grpo,
  },
  'sampling/importance_sampling_ratio/min': {
    unit: '1',
    definition: 'Smallest probability ratio between scoring and sampling, before any update.',
    trainers: grpo,
  },
  'sampling/importance_sampling_ratio/mean': {
    unit: '1',
    definition: 'Mean of that ratio; 1 when both agree.',
    estimator: overTokens,
    trainers: grpo,
  },
  'sampling/importance_sampling_ratio/max': {
    unit: '1',
    definition: 'Largest of that ratio.',
    trainers: grpo,
  },
  step_time: {
    unit: 's',
    definition: 'Wall time of one optimiser step, its share of sampling included.',
    trainers: all,
  },

  accuracy: {
    unit: 'share',
    definition:
      'Held-out answers that are right; of a reward model: pairs whose better text has more.',
    trainers: all,
    when: 'laurel reward, or an evaluation that checks answers',
  },
  runtime: {
    unit: 's',
    definition: 'Wall time of an evaluation.',
    reduction: 'last',
    trainers: all,
    when: 'eval_strategy',
  },
  samples_per_second: {
    unit: '1/s',
    definition: 'Rows (or completions) evaluated per second.',
    reduction: 'last',
    trainers: all,
    when: 'eval_strategy',
  },
  tokens_per_second: {
    unit: 'tokens/s',
    definition: 'Tokens processed per second of wall time: prompts and completions.',
    trainers: all,
  },
  nonfinite_steps: {
    unit: 'steps',
    definition: 'Steps skipped so far because the loss or a gradient was not finite.',
    reduction: 'last',
    trainers: all,
  },
  skipped_rows: {
    unit: 'rows',
    definition: 'Rows skipped because they could not be used.',
    reduction: 'last',
    trainers: all,
    when: 'skip_bad_rows',
  },
  'rollout/error_rate': {
    unit: 'share',
    definition:
      'Completions without any reward because every reward failed, timed out or declined.',
    estimator: overCompletions,
    trainers: grpo,
  },
  'rollout/reward_failures': {
    unit: 'calls',
    definition:
      'Reward results of one generation that are missing because the reward threw, timed out, returned a non-number or brought its process down.',
    trainers: grpo,
  },
  'rollout/tokens_per_second': {
    unit: 'tokens/s',
    definition: 'Completion tokens sampled per second of sampling.',
    trainers: grpo,
  },
  'time/generation': {
    unit: 's',
    definition: 'Wall time of sampling, per generation.',
    trainers: grpo,
  },
  'time/reward': { unit: 's', definition: 'Wall time of scoring, per generation.', trainers: grpo },
  'time/forward_backward': {
    unit: 's',
    definition: 'Wall time of forward and backward passes, per step.',
    trainers: all,
  },
  'time/optimizer': {
    unit: 's',
    definition: 'Wall time of clipping and AdamW, per step.',
    trainers: all,
  },
  'time/checkpoint': {
    unit: 's',
    definition: 'Wall time of the last checkpoint.',
    reduction: 'last',
    trainers: all,
  },
  'engine/live_tensors': {
    unit: 'tensors',
    definition: 'Tensors alive after the step; constant unless something leaks.',
    reduction: 'last',
    trainers: all,
  },
  'engine/resident_memory': {
    unit: 'bytes',
    definition: 'Resident memory of the process after the step.',
    reduction: 'last',
    trainers: all,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** Keys with a name in them: of a reward, or chosen by a reward that calls `logMetric`. */
export const patternMetrics = {
  'rewards/{name}/mean': {
    unit: 'reward',
    definition: 'One reward, unweighted.',
    estimator: `Mean. ${overScored}`,
    trainers: grpo,
  },
  'rewards/{name}/std': {
    unit: 'reward',
    definition: 'Standard deviation of one reward.',
    estimator: `With Bessel’s correction. ${overScored}`,
    trainers: grpo,
  },
  'custom/{name}': {
    unit: '',
    definition: 'Logged by a reward or a callback of yours.',
    trainers: all,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** A training metric. */
export type TrainMetricKey =
  | keyof typeof fixedMetrics
  | `rewards/${string}/mean`
  | `rewards/${string}/std`
  | `custom/${string}`;

/** A metric key; evaluation puts `eval_` before the training name. */
export type MetricKey = TrainMetricKey | `eval_${TrainMetricKey}`;

/** Values by metric key; null where nothing could be measured. */
export type Metrics = Readonly<Partial<Record<MetricKey, number | null>>>;

const patterns: readonly (readonly [RegExp, MetricDefinition])[] = Object.entries(
  patternMetrics,
).map(([pattern, definition]) => [new RegExp(`^${pattern.replace('{name}', '.+')}$`), definition]);

/** The definition of a key, `eval_` put aside; undefined for a key that is in no table. */
export function metricDefinition(key: string): MetricDefinition | undefined {
  const name = key.startsWith('eval_') ? key.slice('eval_'.length) : key;
  const fixed: Readonly<Record<string, MetricDefinition>> = fixedMetrics;
  if (Object.hasOwn(fixed, name)) return fixed[name];
  return patterns.find(([pattern]) => pattern.test(name))?.[1];
}

/** Names evaluation metrics: every key gets the prefix `eval_`. */
export function evaluationMetrics(
  metrics: Readonly<Partial<Record<TrainMetricKey, number | null>>>,
): Metrics {
  return Object.fromEntries(Object.entries(metrics).map(([key, value]) => [`eval_${key}`, value]));
}
