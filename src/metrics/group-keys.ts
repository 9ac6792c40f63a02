import type { MetricDefinition } from './metric-definition.ts';

/** Keys of trainers that measure the groups they draw. */
export const groupMetrics = {
  'rollout/group_diversity': {
    unit: 'share',
    definition: 'Distinct completions of a group, by their tokens, over all of it.',
    estimator: 'Mean over the groups of one generation.',
    trainers: ['grpo'],
    when: 'a way of drawing groups that measures them',
  },
  'rollout/token_diversity': {
    unit: 'share',
    definition: 'Distinct tokens in the completions of a group, over all their tokens.',
    estimator: 'Mean over the groups of one generation.',
    trainers: ['grpo'],
    when: 'a way of drawing groups that measures them',
  },
  'rollout/signal_rate': {
    unit: 'share',
    definition: 'Groups whose rewards differ, and so teach something.',
    trainers: ['grpo'],
    when: 'a way of drawing groups that measures them',
  },
  'rollout/hit_rate': {
    unit: 'share',
    definition: 'Groups that hold the wanted completion.',
    trainers: ['grpo'],
    when: 'rows that name the wanted completion',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
