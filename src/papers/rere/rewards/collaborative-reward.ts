import { DataError } from '../../../errors.ts';
import type { ItemLanguage } from '../../../recommendation/types.ts';
import { groupReward, type MaybePromise, type Reward } from '../../../rewards/index.ts';

/** Scores of items after a history, by a frozen recommender; higher is better. */
export type ItemScorer = (
  history: readonly number[],
  items: readonly number[],
) => MaybePromise<ArrayLike<number>>;

/**
 * The collaborative reward: what a frozen recommender, the paper's SASRec, scores the completion's item after the
 * history. A path that several items share stands for its most popular one.
 */
export const collaborativeReward = (language: ItemLanguage, score: ItemScorer): Reward => ({
  ...groupReward('collaborative', async (_, { tokens, columns }) => {
    const { history } = columns;
    if (!Array.isArray(history)) throw new DataError('a row has no column history');
    const items = tokens.map((completion) => language.itemsOf(completion)[0]);
    const known = items.filter((item) => item !== undefined);
    const scores = await score(history as readonly number[], known);
    let next = 0;
    return items.map((item) => (item === undefined ? null : scores[next++]!));
  }),
  columns: ['history'],
});
