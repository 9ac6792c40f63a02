import { DataError } from '../errors.ts';
import { liftReward, type RewardLike } from '../rewards/index.ts';
import type { Prompt } from '../types.ts';

/** @throws DataError naming the first row without a column that a reward says it reads. */
export function assertRewardColumns(
  reward: RewardLike | readonly RewardLike[],
  prompts: readonly Prompt[],
): void {
  const rewards = [reward].flat() as RewardLike[];
  for (const { name, columns = [] } of rewards.map((each, k) => liftReward(each, k))) {
    for (const column of columns) {
      const missing = prompts.find(({ example }) => !Object.hasOwn(example.columns, column));
      if (missing === undefined) continue;
      const { index, columns: found } = missing.example;
      throw new DataError(
        `row ${index} has no column ${JSON.stringify(column)}, which the reward ${name} compares with; it has ${Object.keys(found).join(', ') || 'none'}. Name the column with solution_column, or make the reward with another.`,
      );
    }
  }
}
