import { type AccuracyOptions, scoreAnswer } from './accuracy-reward.ts';
import { completionReward } from './lift.ts';
import { readColumn } from './read-column.ts';
import type { Reward } from './types.ts';

export interface ReasoningAccuracyOptions extends AccuracyOptions {
  /** What ends the reasoning; the first of these that occurs is used. */
  readonly delimiters?: readonly string[];
}

/**
 * As `accuracyReward`, on what follows the last end of the reasoning; 0 for reasoning that does not end.
 * TRL 1.13 `reasoning_accuracy_reward`.
 */
export function reasoningAccuracyReward({
  column = 'solution',
  delimiters = ['</think>'],
}: ReasoningAccuracyOptions = {}): Reward {
  const reward = completionReward('reasoning_accuracy_reward', (completion, example) => {
    const reference = readColumn('reasoning_accuracy_reward', example, column);
    const delimiter = delimiters.find((candidate) => completion.includes(candidate));
    if (delimiter === undefined) return 0;
    const end = completion.lastIndexOf(delimiter) + delimiter.length;
    return scoreAnswer(completion.slice(end), reference);
  });
  return { ...reward, columns: [column] };
}
