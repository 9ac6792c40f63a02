import { z } from 'zod';
import { configGroup } from '../../config/index.ts';
import { count } from './field-types.ts';

/** Which rewards score a completion; only YAML and flags name them, TypeScript passes functions. */
export const rewardSourceOptions = configGroup('Reward functions', {
  rewardFuncs: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      'Built-in rewards by name, your own as `./reward.ts#name`, or a reward model by folder or Hub name.',
    ),
  solutionColumn: z
    .string()
    .min(1)
    .default('solution')
    .describe('Column that accuracy rewards compare with.'),
});

/** How rewards are combined and turned into advantages. */
export const rewardOptions = configGroup('Rewards and advantages', {
  rewardWeights: z
    .array(z.number())
    .nullable()
    .default(null)
    .describe('One weight per reward; null: all 1.'),
  rewardTimeoutMs: count
    .default(30_000)
    .describe('Time one call of a reward may take, ms; past it the reward is missing, never 0.'),
  scaleRewards: z
    .enum(['group', 'batch', 'none'])
    .default('group')
    .describe('Standard deviation that divides advantages: of the group, of the batch, or none.'),
});
