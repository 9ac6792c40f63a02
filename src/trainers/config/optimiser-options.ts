import { z } from 'zod';
import { configGroup } from '../../config/index.ts';
import { count, share } from './field-types.ts';

/** AdamW, its schedule and what happens to a step that is not finite. */
export const optimiserOptions = ({ learningRate }: { learningRate: number }) =>
  configGroup('Optimiser', {
    learningRate: z.number().min(0).default(learningRate).describe('Peak learning rate of AdamW.'),
    lrSchedulerType: z
      .enum(['linear', 'cosine', 'constant', 'constant_with_warmup'])
      .default('linear')
      .describe('Shape of the learning rate after warm-up.'),
    warmupSteps: z
      .number()
      .min(0)
      .default(0)
      .describe('Steps of linear warm-up; below 1: share of all steps.'),
    warmupRatio: share
      .default(0)
      .describe('Warm-up as a share of all steps; used when warmup_steps is 0.'),
    adamBeta1: z.number().min(0).lt(1).default(0.9).describe('Decay of the first moment.'),
    adamBeta2: z.number().min(0).lt(1).default(0.999).describe('Decay of the second moment.'),
    adamEpsilon: z.number().gt(0).default(1e-8).describe('Added to the root of the second moment.'),
    weightDecay: z
      .number()
      .min(0)
      .default(0)
      .describe('Decoupled weight decay; biases and norm weights are left out.'),
    maxGradNorm: z
      .number()
      .min(0)
      .default(1)
      .describe('Gradients are scaled down to this global norm; 0: no clipping.'),
    maxNonfiniteSteps: count
      .default(5)
      .describe(
        'Stop with a checkpoint after this many steps in a row with a non-finite loss or gradient.',
      ),
  });
