import type { MetricDefinition } from './metric-definition.ts';

/** Keys of trainers of recommenders: how well the wanted item is ranked among all, each question having one. */
export const rankingMetrics = {
  'ranking/ndcg_10': {
    unit: '1',
    definition:
      'Mean over questions of 1 / log2(rank + 1) where the wanted item is among the first ten, else 0.',
    trainers: ['sft', 'grpo'],
    when: 'an evaluation of a recommender',
  },
  'ranking/hr_10': {
    unit: 'share',
    definition: 'Questions whose wanted item is among the first ten.',
    trainers: ['sft', 'grpo'],
    when: 'an evaluation of a recommender',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
