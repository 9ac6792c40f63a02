import type { RankedItem, RecommendationData, Recommender, UserSequence } from './types.ts';

/** How often each of `itemCount` items occurs in the sequences, by place. [N] */
export function countItems(sequences: readonly UserSequence[], itemCount: number): number[] {
  const counts = new Array<number>(itemCount).fill(0);
  for (const { items } of sequences) for (const item of items) counts[item]! += 1;
  return counts;
}

/** Places from the most to the least popular in train, ties by place. [N] */
export function popularityOrder(popularity: readonly number[]): number[] {
  return popularity.map((_, place) => place).sort((a, b) => popularity[b]! - popularity[a]!);
}

export interface PopularityOptions {
  /**
   * Whether items of a history are ranked for it again. `kept`, the default, ranks the whole catalogue for everybody, as
   * generative recommenders are measured: they may write any item, and a target may repeat an item of its history.
   * Where a log never repeats an item, `left out` gives a stronger baseline; name it beside numbers made with it.
   */
  readonly historyItems?: 'kept' | 'left out';
}

/** Recommends to everybody what occurs most often in train, ties by place; the score is how often. */
export function popularityRecommender(
  { popularity }: Pick<RecommendationData, 'popularity'>,
  { historyItems = 'kept' }: PopularityOptions = {},
): Recommender {
  const ranked = popularityOrder(popularity).map((item) => ({ item, score: popularity[item]! }));
  const bestFor = (history: readonly number[], count: number): RankedItem[] => {
    if (historyItems === 'kept') return ranked.slice(0, count);
    const taken = new Set(history);
    // No more than the history's items can be missing from the front.
    return ranked
      .slice(0, count + taken.size)
      .filter(({ item }) => !taken.has(item))
      .slice(0, count);
  };
  return {
    name: 'popularity',
    async recommend(histories, count, signal) {
      signal?.throwIfAborted();
      return histories.map((history) => bestFor(history, count));
    },
  };
}
