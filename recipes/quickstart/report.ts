import type { RolloutGroup } from 'laurel';
import { rightAnswer } from './arithmetic.ts';

export const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

/** A few problems with what the policy wrote. */
export function describeAnswers(groups: readonly RolloutGroup[], count: number): string {
  const shown = groups.slice(0, count).map(({ prompt, rollouts }) => {
    const { text } = rollouts[0]!;
    const mark = rightAnswer(text, prompt.example.columns) === 1 ? 'right' : 'wrong';
    return `  ${prompt.text.padEnd(10)} ${text.padEnd(14)} ${mark}`;
  });
  return ['Held-out problems, as the policy works them out:', ...shown].join('\n');
}
