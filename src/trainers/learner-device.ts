import type { LoopLearner } from './training-task.ts';

/** Where a learner computes. */
export const deviceOf = ({ policy }: Pick<LoopLearner, 'policy'>): string =>
  'model' in policy ? policy.model.weights.embedTokens.device : policy.device;
