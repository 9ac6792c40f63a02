import type { MetricDefinition } from './metric-definition.ts';

const all = ['sft', 'dpo', 'grpo'] as const;
const overPositions =
  'Mean over the positions of the monitor’s completions, by their full softmax.';
const overPairs = 'Mean over the held-out pairs of the average token of each.';
const ngrams = 'Mean over n = 1 … 5, at the token budget.';

const each = { trainers: all, reduction: 'last' } as const;
const pairs = { ...each, when: 'monitor_steps, and held-out pairs' } as const;
const drawn = { ...each, when: 'monitor_steps' } as const;

/** What a monitor of held-out prompts and pairs logs. The names are Laurel's. */
export const monitorMetrics = {
  'monitor/likelihood_chosen': {
    unit: 'nats',
    definition:
      'Log-likelihood of the better completions (or of the held-out ones), not relative to the reference.',
    estimator: overPairs,
    ...pairs,
  },
  'monitor/likelihood_rejected': {
    unit: 'nats',
    definition: 'Log-likelihood of the worse completions.',
    estimator: overPairs,
    ...pairs,
  },
  'monitor/likelihood_gap': {
    unit: 'nats',
    definition: 'Log-likelihood of the better completions less that of the worse.',
    estimator: overPairs,
    ...pairs,
  },
  'monitor/top_k_entropy': {
    unit: 'bits',
    definition:
      'Entropy −Σ p log₂ p over the k likeliest next tokens, with p as the policy has it.',
    estimator: overPositions,
    ...drawn,
  },
  'monitor/top_k_entropy_renormalized': {
    unit: 'bits',
    definition: 'The same with p renormalised within the k likeliest; at most log₂ k.',
    estimator: overPositions,
    ...drawn,
  },
  'monitor/top_k_mass': {
    unit: 'share',
    definition: 'Probability of the k likeliest next tokens together.',
    estimator: overPositions,
    ...drawn,
  },
  'monitor/cross_input_diversity': {
    unit: '1',
    definition:
      'Distinct n-grams among completions of different prompts, over what Vⁿ equally likely ones would give (EAD).',
    estimator: `${ngrams} With several completions a prompt, the mean over one of each.`,
    ...drawn,
  },
  'monitor/cross_input_diversity_paper': {
    unit: '1',
    definition:
      'The same over what V equally likely n-grams would give, whatever n; above 1 on small vocabularies.',
    estimator: ngrams,
    ...drawn,
  },
  'monitor/cross_input_distinct': {
    unit: 'share',
    definition: 'Distinct n-grams among all n-grams of completions of different prompts.',
    estimator: ngrams,
    ...drawn,
  },
  'monitor/per_input_diversity': {
    unit: '1',
    definition:
      'Distinct n-grams among completions of one prompt, over what Vⁿ equally likely ones would give (EAD).',
    estimator: 'Mean over prompts; over n = 1 … 5, at each prompt’s share of the token budget.',
    ...each,
    when: 'monitor_steps, and monitor_num_generations above 1',
  },
  'monitor/diversity_tokens': {
    unit: 'tokens',
    definition:
      'Tokens counted for cross-input diversity; below the budget where completions are short.',
    ...drawn,
  },
  'monitor/mean_length': {
    unit: 'tokens',
    definition: 'Length of the monitor’s completions.',
    estimator: 'Mean over completions.',
    ...drawn,
  },
  'monitor/win_probability': {
    unit: 'probability',
    definition:
      'That a completion is preferred to the reference generator’s: σ(r − r of the reference).',
    estimator: 'Mean over prompts of the mean over pairs that have rewards.',
    ...each,
    when: 'monitor_win_reward',
  },
  'monitor/reward': {
    unit: 'reward',
    definition: 'Reward of the monitor’s completions by the reward that win probability reads.',
    estimator: 'Mean over completions that have one.',
    ...each,
    when: 'monitor_win_reward',
  },
  'monitor/entropy_fallen': {
    unit: 'evaluations',
    definition:
      'Evaluations in a row with top-k entropy below its peak by more than the hysteresis.',
    ...drawn,
  },
  'monitor/mass_fallen': {
    unit: 'evaluations',
    definition: 'Evaluations in a row with top-k mass below its peak by more than the hysteresis.',
    ...drawn,
  },
  'monitor/turning_step': {
    unit: 'step',
    definition:
      'Latest turning point told so far: the best checkpoint is likely here; null before any.',
    ...drawn,
  },
  'monitor/runtime': {
    unit: 's',
    definition: 'Wall time of one of the monitor’s measurements.',
    ...drawn,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
