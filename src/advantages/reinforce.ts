import { type Advantages, type GroupedRewards, packAdvantages } from './advantages.ts';
import { nanMean, spreadOf, withMissingAsNan } from './statistics.ts';

export interface ReinforceOptions {
  /** Subtracted from every reward: nothing, the mean reward of the batch, or a constant such as a running mean. */
  readonly baseline?: 'none' | 'batch' | number;
}

/**
 * Plain REINFORCE: the reward itself, less a baseline that does not depend on the completion's group.
 *   A_i = r_i − b
 * Williams 1992, *Simple statistical gradient-following algorithms*, Machine Learning 8.
 * - Missing rewards do not enter the batch mean and get 0.
 */
export function reinforceAdvantages(
  rewards: GroupedRewards,
  { baseline = 'none' }: ReinforceOptions = {},
): Advantages {
  const values = withMissingAsNan('reinforceAdvantages', rewards);
  const b = baseline === 'batch' ? nanMean(values.flat()) : baseline === 'none' ? 0 : baseline;
  const raw = values.map((group) => group.map((reward) => reward - b));
  return packAdvantages(rewards, raw, values.map(spreadOf));
}
