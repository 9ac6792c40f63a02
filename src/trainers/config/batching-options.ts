import { z } from 'zod';
import { configGroup } from '../../config/index.ts';
import { count } from './field-types.ts';

/** How much is trained, in which portions, under which seed. */
export const batchingOptions = ({ unit }: { unit: 'examples' | 'completions' | 'pairs' }) =>
  configGroup('Batching', {
    perDeviceTrainBatchSize: count
      .default(8)
      .describe(`Micro-batch: ${unit} per forward and backward pass.`),
    gradientAccumulationSteps: count.default(1).describe('Micro-batches per optimiser step.'),
    paddingFree: z
      .boolean()
      .default(false)
      .describe(
        'Short sequences of a micro-batch share rows without seeing one another: less padding, same result.',
      ),
    numTrainEpochs: z.number().gt(0).default(3).describe('Passes over the training rows.'),
    maxSteps: z
      .int()
      .min(-1)
      .refine((value) => value !== 0, {
        error: 'expected -1 (num_train_epochs decides) or a number of optimiser steps ≥ 1, found 0',
      })
      .default(-1)
      .describe('Optimiser steps in all; overrides num_train_epochs; -1: epochs decide.'),
    seed: z
      .int()
      .min(0)
      .default(42)
      .describe('Seed of weights, sampling and, unless data_seed is set, row order.'),
    dataSeed: z
      .int()
      .min(0)
      .nullable()
      .default(null)
      .describe('Seed of the row order; null: seed.'),
  });
