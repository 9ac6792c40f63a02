import type { MetricDefinition } from './metric-definition.ts';

const reward = ['reward'] as const;
const overTexts = 'Over the better and worse texts of a step; mean over the steps logged.';

/** What training a reward model logs besides what all trainers do; the names are TRL's. Its `accuracy` is in the table of all. */
export const rewardModelMetrics = {
  min_reward: {
    unit: 'reward',
    definition: 'Lowest reward.',
    estimator: overTexts,
    trainers: reward,
  },
  mean_reward: {
    unit: 'reward',
    definition: 'Mean reward.',
    estimator: overTexts,
    trainers: reward,
  },
  max_reward: {
    unit: 'reward',
    definition: 'Highest reward.',
    estimator: overTexts,
    trainers: reward,
  },
  margin: {
    unit: 'reward',
    definition: 'Reward of the better text less that of the worse.',
    estimator: 'Mean over the pairs.',
    trainers: reward,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
