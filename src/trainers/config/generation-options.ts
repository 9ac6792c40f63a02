import { z } from 'zod';
import { configGroup } from '../../config/index.ts';
import { count } from './field-types.ts';

/** Which tokens may be drawn and what ends a completion, in training and outside. */
export const drawingFields = {
  topP: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('Keep the likeliest tokens up to this probability; 1: all.'),
  topK: z.int().min(0).default(0).describe('Keep this many of the likeliest tokens; 0: all.'),
  minP: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .default(null)
    .describe('Drop tokens less likely than this share of the likeliest; null: none.'),
  repetitionPenalty: z
    .number()
    .gt(0)
    .default(1)
    .describe('Above 1, tokens already in prompt or completion become less likely; 1: off.'),
  stopStrings: z.array(z.string().min(1)).default([]).describe('Texts that end a completion.'),
};

/** How completions are sampled. */
export const generationOptions = configGroup('Generation', {
  numGenerations: count
    .default(8)
    .describe('Completions G per prompt; the group that is compared.'),
  numGenerationsEval: count
    .nullable()
    .default(null)
    .describe('Completions per prompt in evaluation; null: num_generations.'),
  maxCompletionLength: count.default(512).describe('Longest completion, tokens.'),
  generationBatchSize: count
    .nullable()
    .default(null)
    .describe(
      'Completions sampled at a time; null: per_device_train_batch_size × steps_per_generation.',
    ),
  stepsPerGeneration: count
    .nullable()
    .default(null)
    .describe('Micro-batches trained from one generation; null: gradient_accumulation_steps.'),
  numIterations: count.default(1).describe('Passes μ over each generation before the next.'),
  temperature: z.number().gt(0).default(1).describe('Logits are divided by it before sampling.'),
  ...drawingFields,
  evalTemperature: z
    .number()
    .min(0)
    .nullable()
    .default(null)
    .describe('Temperature in evaluation; 0: the likeliest token; null: temperature.'),
  shuffleDataset: z.boolean().default(true).describe('Shuffle prompts each epoch.'),
  logprobDistribution: z
    .enum(['sampled', 'full'])
    .default('sampled')
    .describe('Distribution of log-probabilities: the one drawn from, or the plain softmax.'),
});
