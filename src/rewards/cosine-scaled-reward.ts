import { type AccuracyOptions, scoreAnswer } from './accuracy-reward.ts';
import { completionReward } from './lift.ts';
import { readColumn } from './read-column.ts';
import type { Reward } from './types.ts';

export interface CosineScaledOptions extends AccuracyOptions {
  /** L_max: the length at which the schedule ends. */
  readonly maxTokens: number;
  /** Of a wrong answer, at length 0. */
  readonly minValueWrong?: number;
  /** Of a wrong answer, at the longest. */
  readonly maxValueWrong?: number;
  /** Of a right answer, at the longest. */
  readonly minValueCorrect?: number;
  /** Of a right answer, at length 0. */
  readonly maxValueCorrect?: number;
}

/**
 * Correctness scaled by length, so that right answers are better short and wrong ones better long.
 *   R = v_end + ½ (v_start − v_end) (1 + cos(π · min(|y| / L_max, 1)))
 * Yeo et al. 2025, arXiv:2502.03373, Appendix C.1, as in TRL 1.13 `get_cosine_scaled_reward`.
 */
export function cosineScaledReward({
  maxTokens,
  column = 'solution',
  minValueWrong = -1,
  maxValueWrong = -0.5,
  minValueCorrect = 0.5,
  maxValueCorrect = 1,
}: CosineScaledOptions): Reward {
  const reward = completionReward(
    'cosine_scaled_reward',
    (completion, example, { completionTokens }) => {
      const correct = scoreAnswer(completion, readColumn('cosine_scaled_reward', example, column));
      if (correct === null) return null;
      const start = correct ? maxValueCorrect : minValueWrong;
      const end = correct ? minValueCorrect : maxValueWrong;
      const progress = Math.min(completionTokens.length / maxTokens, 1);
      return end + 0.5 * (start - end) * (1 + Math.cos(progress * Math.PI));
    },
  );
  return { ...reward, columns: [column] };
}
