import type { Reward } from '../../../rewards/index.ts';
import { sameTokens } from '../../../rollouts/index.ts';
import { targetColumns, wantedTokens } from '../next-item-columns.ts';

/** Which completions are the target: those whose tokens are its tokens. */
export const hits = (
  tokens: readonly (readonly number[])[],
  target: readonly number[],
): boolean[] => tokens.map((completion) => sameTokens(completion, target));

/**
 * The rule reward: 1 where the completion is the target, else 0. Of items that share their tokens each counts as the
 * target, since the policy cannot tell them apart.
 */
export const ruleReward = (): Reward => ({
  name: 'rule',
  columns: targetColumns,
  score: (_, { tokens, columns }) =>
    hits(tokens, wantedTokens(columns)).map((isHit) => (isHit ? 1 : 0)),
});
