import { z } from 'zod';
import { configGroup } from '../../config/index.ts';
import { count } from './field-types.ts';

/** Which rows are trained on and how a row becomes text. */
export const datasetOptions = configGroup('Dataset', {
  datasetName: z
    .string()
    .min(1)
    .describe('Local file or folder, or a Hub name; LAUREL_DATA maps names to local folders.'),
  datasetConfig: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Configuration of a Hub dataset, such as `main`.'),
  datasetTrainSplit: z.string().min(1).default('train').describe('Split to train on.'),
  datasetTestSplit: z.string().min(1).default('test').describe('Split to evaluate on.'),
  promptTemplate: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Prompt made from columns: `Question: {question}\\nAnswer: `; null: prompt_column as it is.',
    ),
  completionTemplate: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Completion made from columns: `{answer}`; null: completion_column as it is.'),
  promptColumn: z.string().min(1).default('prompt').describe('Column that holds the prompt.'),
  completionColumn: z
    .string()
    .min(1)
    .default('completion')
    .describe('Column that holds the completion (supervised).'),
  messagesColumn: z
    .string()
    .min(1)
    .default('messages')
    .describe('Column that holds a whole conversation (supervised).'),
  datasetTextField: z
    .string()
    .min(1)
    .default('text')
    .describe('Column that holds plain text (supervised).'),
  chatTemplateKwargs: z
    .record(z.string(), z.unknown())
    .nullable()
    .default(null)
    .describe('Extra variables for the chat template, such as {enable_thinking: false}.'),
  maxTrainSamples: count
    .nullable()
    .default(null)
    .describe('Keep the first N training rows; null: all.'),
  maxEvalSamples: count
    .nullable()
    .default(null)
    .describe('Keep the first N evaluation rows; null: all.'),
  skipBadRows: z
    .boolean()
    .default(false)
    .describe('Count and skip rows that cannot be used, instead of stopping at the first.'),
});
