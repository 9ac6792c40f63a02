import { completionReward } from './lift.ts';
import type { Reward } from './types.ts';

const OPEN = '<think>';
const CLOSE = '</think>';

/**
 * 1 where the completion opens with `<think>`, closes it, and opens no second one; 0 otherwise.
 * TRL 1.13 `think_format_reward`, in linear time.
 */
export function thinkFormatReward(): Reward {
  return completionReward('think_format_reward', (completion) => {
    const opensOnce = completion.startsWith(OPEN) && completion.indexOf(OPEN, OPEN.length) === -1;
    return opensOnce && completion.includes(CLOSE, OPEN.length) ? 1 : 0;
  });
}
