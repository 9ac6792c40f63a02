import { z } from 'zod';
import { configGroup } from '../../config/index.ts';
import { count, share, stepsOrShare } from './field-types.ts';

/** What is written down while training. */
export const loggingOptions = configGroup('Logging', {
  loggingSteps: stepsOrShare
    .default(10)
    .describe('Steps averaged into one metrics line; below 1: share of all steps.'),
  loggingFirstStep: z.boolean().default(false).describe('Log the first step too.'),
  runName: z
    .string()
    .refine((name) => /^[\w.-]+$/.test(name), {
      error: ({ input }) =>
        `expected letters, digits, ".", "_" and "-" alone, found ${JSON.stringify(input)}; laurel runs rename gives any name`,
    })
    .nullable()
    .default(null)
    .describe('Name of the run: letters, digits, `.`, `_`, `-`; null: trainer and time.'),
});

/** What is written down about completions. */
export const completionLoggingOptions = configGroup('Completions', {
  logCompletions: z
    .boolean()
    .default(false)
    .describe('Print completions every logging_steps; all of them are stored in any case.'),
  numCompletionsToPrint: count
    .nullable()
    .default(null)
    .describe('Completions printed each time; null: all.'),
  tokenRecordRate: share
    .default(0.1)
    .describe(
      'Share of steps whose tokens are stored: id, log-probability, entropy, advantage, ratio, mask.',
    ),
});
