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
  packing: z
    .boolean()
    .default(false)
    .describe('Put several sequences into rows of max_length, which a batch size then counts.'),
  packingStrategy: z
    .enum(['bfd', 'bfd_split', 'wrapped'])
    .default('bfd')
    .describe(
      'bfd: longer sequences are cut; bfd_split: split; wrapped: the text as one, cut anywhere, seen across.',
    ),
  evalPacking: z
    .boolean()
    .nullable()
    .default(null)
    .describe('Pack the evaluation rows; null: as packing.'),
  trainSamplingStrategy: z
    .enum(['random', 'sequential', 'group_by_length'])
    .default('random')
    .describe('Order of rows within an epoch; group_by_length: neighbours of similar length.'),
});
