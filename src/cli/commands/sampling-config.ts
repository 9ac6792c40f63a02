import { z } from 'zod';
import { configGroup, defineConfig } from '../../config/index.ts';
import {
  datasetOptions,
  drawingFields,
  modelOptions,
  rewardSourceOptions,
} from '../../trainers/config/index.ts';

/** How completions are drawn outside training; temperature 0 takes the likeliest token. */
const samplingOptions = configGroup('Sampling', {
  maxCompletionLength: z.int().min(1).default(256).describe('Longest completion, tokens.'),
  temperature: z
    .number()
    .min(0)
    .default(0)
    .describe('Logits are divided by it; 0: the likeliest token.'),
  ...drawingFields,
  numGenerations: z.int().min(1).default(1).describe('Completions per prompt.'),
  seed: z.int().min(0).default(42).describe('Seed of the draws.'),
});

/** What `laurel sample` reads. */
export const sampleConfig = defineConfig({
  name: 'sample',
  summary: 'Complete a prompt, or talk to a policy.',
  groups: { model: modelOptions, sampling: samplingOptions },
});

const evaluationSize = configGroup('Evaluation', {
  perDeviceEvalBatchSize: z.int().min(1).default(64).describe('Completions decoded side by side.'),
  rewardTimeoutMs: z
    .int()
    .min(1)
    .default(30_000)
    .describe('Time one call of a reward may take, ms.'),
  rewardWeights: z
    .array(z.number())
    .nullable()
    .default(null)
    .describe('One weight per reward; null: all 1.'),
});

/** What `laurel eval` reads. */
export const evalConfig = defineConfig({
  name: 'eval',
  summary: 'Score a policy’s completions of held-out rows.',
  groups: {
    model: modelOptions,
    dataset: datasetOptions,
    rewards: rewardSourceOptions,
    sampling: samplingOptions,
    evaluation: evaluationSize,
  },
});
