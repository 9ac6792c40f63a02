import { z } from 'zod';
import { configGroup } from '../../config/index.ts';
import { count } from './field-types.ts';

/** Which pairs a reward model learns from, and what its loss is. */
export const rewardModelOptions = configGroup('Reward model', {
  centerRewardsCoefficient: z
    .number()
    .min(0)
    .nullable()
    .default(null)
    .describe(
      'Weight of the squared sum of a pair’s rewards, which draws them to mean 0; 0.01 is usual.',
    ),
  maxLength: count
    .nullable()
    .default(1024)
    .describe('Pairs with a text of more tokens are left out, and counted; null: none are.'),
  trainSamplingStrategy: z
    .enum(['random', 'sequential'])
    .default('random')
    .describe('Order of pairs within an epoch.'),
});
