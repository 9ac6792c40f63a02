import type { NextItem, RecommendationData } from '../types.ts';

/** What a split makes of a log. */
export type Split = Pick<RecommendationData, 'train' | 'valid' | 'test'>;

/** All that a user took, oldest first, by place. */
export interface UserItems {
  readonly user: string;
  readonly items: readonly number[];
}

/** The question for the item at a place of a user's items, its history the last `maxHistory` before it. */
export function questionAt(
  { user, items }: UserItems,
  index: number,
  maxHistory = Number.POSITIVE_INFINITY,
): NextItem {
  const history = items.slice(Math.max(0, index - maxHistory), index);
  return { user, history, target: items[index]! };
}
