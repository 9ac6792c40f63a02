import { completionReward } from './lift.ts';
import { equalAnswers } from './math/equal-answers.ts';
import { extractAnswer } from './math/extract-answer.ts';
import { readColumn } from './read-column.ts';
import type { Reward } from './types.ts';

export interface AccuracyOptions {
  /** The example's column with the reference: a worked solution that marks its answer, or the bare answer. */
  readonly column?: string;
}

/**
 * 1 where the completion's final answer equals the reference's, 0 where it differs or there is none, `null` where the
 * reference is empty. See `extractAnswer` for what counts as the final answer and `equalAnswers` for what is equal.
 * In the place of TRL 1.13 `accuracy_reward`, with differences:
 * - The answer must be marked: `####`, `\boxed{}` or `<answer>`. TRL also reads other LaTeX.
 * - Equality is exact; TRL's math_verify rounds to 6 digits.
 * - A reference that is no formula is compared as text, where TRL skips the example.
 */
export function accuracyReward({ column = 'solution' }: AccuracyOptions = {}): Reward {
  const reward = completionReward('accuracy_reward', (completion, example) =>
    scoreAnswer(completion, readColumn('accuracy_reward', example, column)),
  );
  return { ...reward, columns: [column] };
}

/** `accuracyReward` for one text and reference. */
export function scoreAnswer(completion: string, reference: string): 0 | 1 | null {
  const expected = extractAnswer(reference) ?? reference.trim();
  if (expected === '') return null;
  const answer = extractAnswer(completion);
  return answer !== null && equalAnswers(expected, answer) ? 1 : 0;
}
