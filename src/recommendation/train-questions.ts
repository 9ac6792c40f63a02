import type { NextItem, RecommendationData } from './types.ts';

/**
 * Every target of the training sequences as a question, in the order of users and then of time. Questions of one history
 * stay apart, each with its own answer.
 * @param maxHistory - Items kept of a history, its last: whole items, never part of one.
 */
export const trainQuestions = (
  { train }: Pick<RecommendationData, 'train'>,
  maxHistory: number,
): NextItem[] =>
  train.flatMap(({ user, items, firstTarget }) =>
    items.slice(firstTarget).map((target, k) => {
      const end = firstTarget + k;
      return { user, history: items.slice(Math.max(0, end - maxHistory), end), target };
    }),
  );
