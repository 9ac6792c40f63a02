import { completionReward } from './lift.ts';
import { readColumn } from './read-column.ts';
import type { Reward } from './types.ts';

export interface ExactMatchOptions {
  /** The example's column that holds the expected completion. */
  readonly column?: string;
}

/** 1 where the completion equals the example's column, white space at both ends aside; 0 otherwise. */
export function exactMatchReward({ column = 'completion' }: ExactMatchOptions = {}): Reward {
  const reward = completionReward('exact_match_reward', (completion, example) =>
    completion.trim() === readColumn('exact_match_reward', example, column).trim() ? 1 : 0,
  );
  return { ...reward, columns: [column] };
}
