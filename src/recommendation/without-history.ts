import type { Recommender } from './types.ts';

/**
 * A recommender that never recommends what a history holds: it asks for so many more items as the longest history has
 * different ones, and leaves those out. For logs in which nobody takes an item twice. Measure all methods with it or none.
 */
export const withoutHistory = (recommender: Recommender): Recommender => ({
  name: recommender.name,
  async recommend(histories, count, signal) {
    const taken = histories.map((history) => new Set(history));
    const most = taken.reduce((most, { size }) => Math.max(most, size), 0);
    const lists = await recommender.recommend(histories, count + most, signal);
    return lists.map((list, row) =>
      list.filter(({ item }) => !taken[row]!.has(item)).slice(0, count),
    );
  },
});
