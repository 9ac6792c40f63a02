import type { Metrics } from '../metrics/index.ts';

/** The figures that people ask for first. */
export const describeEvaluation = (metrics: Metrics): string =>
  (['eval_ranking/ndcg_10', 'eval_reward', 'eval_accuracy', 'eval_loss'] as const)
    .flatMap((key) => (metrics[key] == null ? [] : [`${key} ${metrics[key].toPrecision(4)}`]))
    .join(', ');
