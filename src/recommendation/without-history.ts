import type { RankedItem, Recommender } from './types.ts';

/** The smallest power of two that a number does not exceed. */
const powerAbove = (size: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, size)));

/** Whether items of a history count among those recommended. */
export type HistoryItems = 'kept' | 'left-out';

/**
 * A recommender that never recommends what a history holds: it asks for so many more items as the history has different
 * ones, rounded up to a power of two so that few searches differ in width, and leaves those out. An answer does not
 * depend on the other histories. For logs in which nobody takes an item twice. Measure all methods with it or none.
 */
export const withoutHistory = (recommender: Recommender): Recommender => ({
  name: recommender.name,
  async recommend(histories, count, signal) {
    const taken = histories.map((history) => new Set(history));
    const extra = taken.map(({ size }) => powerAbove(size));
    const lists: RankedItem[][] = Array(histories.length);
    for (const more of new Set(extra)) {
      const places = [...extra.keys()].filter((place) => extra[place] === more);
      const some = places.map((place) => histories[place]!);
      const ranked = await recommender.recommend(some, count + more, signal);
      for (const [row, place] of places.entries())
        lists[place] = ranked[row]!.filter(({ item }) => !taken[place]!.has(item)).slice(0, count);
    }
    return lists;
  },
});

/** A recommender as its lists are to be measured. */
export const withHistoryItems = (recommender: Recommender, items: HistoryItems): Recommender =>
  items === 'left-out' ? withoutHistory(recommender) : recommender;
