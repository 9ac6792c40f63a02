import { z } from 'zod';
import { configGroup } from '../../config/index.ts';
import { count, stepsOrShare } from './field-types.ts';

/** Where the run lives, what is kept of it and how it is taken up again. */
export const checkpointOptions = configGroup('Checkpoints', {
  outputDir: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Run folder; null: runs/<run_name>, numbered when taken.'),
  saveStrategy: z
    .enum(['steps', 'epoch', 'best', 'no'])
    .default('steps')
    .describe('When to save: every save_steps, each epoch, at a new best evaluation, or never.'),
  saveSteps: stepsOrShare
    .default(500)
    .describe('Steps between checkpoints; below 1: share of all steps.'),
  saveTotalLimit: count
    .nullable()
    .default(null)
    .describe('Checkpoints kept, newest first; the best is always kept; null: all.'),
  resumeFromCheckpoint: z
    .union([z.boolean(), z.string().min(1)])
    .nullable()
    .default(null)
    .describe('true: the newest whole checkpoint of output_dir; or a checkpoint or run folder.'),
  loadBestModelAtEnd: z
    .boolean()
    .default(false)
    .describe('Finish with the weights of the best evaluation instead of the last step.'),
  metricForBestModel: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Evaluation metric that ranks checkpoints; null: loss when one is needed.'),
  greaterIsBetter: z
    .boolean()
    .nullable()
    .default(null)
    .describe('Whether a higher metric is better; null: yes unless its name ends in loss.'),
});
