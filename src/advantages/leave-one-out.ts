import { type Advantages, type GroupedRewards, packAdvantages } from './advantages.ts';
import { nanMean, nanStd, spreadOf, withMissingAsNan } from './statistics.ts';

export interface LeaveOneOutOptions {
  /** Whether the advantages of the whole batch are brought to mean 0 and standard deviation 1 afterwards. */
  readonly normalize?: 'batch' | 'none';
  /** Added to the standard deviation. */
  readonly epsilon?: number;
}

/**
 * REINFORCE with the mean of the other completions of the prompt as baseline (RLOO).
 *   A_i = r_i − 1/(n − 1) Σ_{j≠i} r_j
 * Ahmadian et al. 2024, arXiv:2402.14740v2.
 * - n counts completions with a reward. Where n = 1 there are no others, and the advantage is 0.
 */
export function leaveOneOutAdvantages(
  rewards: GroupedRewards,
  { normalize = 'none', epsilon = 1e-4 }: LeaveOneOutOptions = {},
): Advantages {
  const values = withMissingAsNan('leaveOneOutAdvantages', rewards);
  const raw = values.map(leaveOneOut);
  const packed = normalize === 'batch' ? normalizeBatch(raw, epsilon) : raw;
  return packAdvantages(rewards, packed, values.map(spreadOf));
}

function leaveOneOut(group: readonly number[]): number[] {
  const present = group.filter((reward) => !Number.isNaN(reward));
  const sum = present.reduce((total, reward) => total + reward, 0);
  const others = present.length - 1;
  if (others < 1) return group.map(() => Number.NaN);
  return group.map((reward) => reward - (sum - reward) / others);
}

function normalizeBatch(raw: readonly (readonly number[])[], epsilon: number): number[][] {
  const batch = raw.flat();
  const mean = nanMean(batch);
  const divisor = nanStd(batch) + epsilon;
  return raw.map((group) => group.map((advantage) => (advantage - mean) / divisor));
}
