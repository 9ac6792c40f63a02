import {
  type GroupScores,
  type RewardLike,
  type ScoreOptions,
  scoreGroups,
} from '../rewards/index.ts';
import { engineMark } from '../tensor/index.ts';
import type { RolloutGroup } from '../types.ts';

/**
 * `scoreGroups`, after which the engine is as before: a reward that computes with tensors and is cut off by its time
 * limit leaves its scopes open and gradients unrecorded, since no `finally` of its own runs.
 */
export async function scoreSafely(
  groups: readonly RolloutGroup[],
  reward: RewardLike | readonly RewardLike[],
  options: ScoreOptions,
): Promise<GroupScores> {
  const restore = engineMark();
  const scores = await scoreGroups(groups, reward, options);
  if (scores.failures.some(({ timeout }) => timeout > 0)) restore();
  return scores;
}
