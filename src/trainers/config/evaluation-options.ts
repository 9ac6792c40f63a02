import { z } from 'zod';
import { configGroup } from '../../config/index.ts';
import { count, stepsOrShare } from './field-types.ts';

/** When held-out rows are measured during training. */
export const evaluationOptions = configGroup('Evaluation', {
  evalStrategy: z
    .enum(['no', 'steps', 'epoch'])
    .default('no')
    .describe('When to evaluate: never, every eval_steps, or each epoch.'),
  evalSteps: stepsOrShare
    .nullable()
    .default(null)
    .describe('Steps between evaluations; below 1: share of all steps; null: logging_steps.'),
  evalOnStart: z.boolean().default(false).describe('Evaluate once before the first step.'),
  earlyStoppingPatience: count
    .nullable()
    .default(null)
    .describe(
      'Stop after this many evaluations in a row that are no new best by metric_for_best_model; null: never.',
    ),
  perDeviceEvalBatchSize: count.default(8).describe('Rows (or completions) per evaluation batch.'),
});
