import { z } from 'zod';
import { configGroup } from '../../config/index.ts';
import { count } from './field-types.ts';

/** What a supervised sequence is and which of its tokens are learned. */
export const supervisedOptions = configGroup('Supervised loss', {
  maxLength: count
    .nullable()
    .default(1024)
    .describe('Tokens kept of a sequence, from its start; null: all, an error past the context.'),
  completionOnlyLoss: z
    .boolean()
    .nullable()
    .default(null)
    .describe(
      'Learn the completion only; null: yes where rows have a prompt, else the whole text.',
    ),
  assistantOnlyLoss: z
    .boolean()
    .default(false)
    .describe(
      'Learn assistant turns only; the chat template must mark them with {% generation %}.',
    ),
  trainSamplingStrategy: z
    .enum(['random', 'sequential'])
    .default('random')
    .describe('Order of sequences within an epoch.'),
});
