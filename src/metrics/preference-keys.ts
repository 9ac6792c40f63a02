import type { MetricDefinition } from './metric-definition.ts';

const dpo = ['dpo'] as const;
const overPairs = 'Mean over the pairs.';

/** What preference training logs besides what all trainers do; the names are TRL's. */
export const preferenceMetrics = {
  'rewards/chosen': {
    unit: 'nats',
    definition: 'Implicit reward of the better completions: β log(π / π_ref).',
    estimator: overPairs,
    trainers: dpo,
  },
  'rewards/rejected': {
    unit: 'nats',
    definition: 'Implicit reward of the worse completions.',
    estimator: overPairs,
    trainers: dpo,
  },
  'rewards/accuracies': {
    unit: 'share',
    definition: 'Pairs whose better completion has the higher implicit reward.',
    trainers: dpo,
  },
  'rewards/margins': {
    unit: 'nats',
    definition: 'Implicit reward of the better completion less that of the worse.',
    estimator: overPairs,
    trainers: dpo,
  },
  'logps/chosen': {
    unit: 'nats',
    definition: 'Log-likelihood of the better completions, summed over their tokens.',
    estimator: overPairs,
    trainers: dpo,
  },
  'logps/rejected': {
    unit: 'nats',
    definition: 'Log-likelihood of the worse completions, summed over their tokens.',
    estimator: overPairs,
    trainers: dpo,
  },
  'logits/chosen': {
    unit: '1',
    definition: 'Mean logit over the vocabulary, at the tokens of the better completions.',
    estimator: 'Mean over those tokens.',
    trainers: dpo,
  },
  'logits/rejected': {
    unit: '1',
    definition: 'Mean logit over the vocabulary, at the tokens of the worse completions.',
    estimator: 'Mean over those tokens.',
    trainers: dpo,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
