import type { Catalogue } from './language/index.ts';
import type { Recommender } from './types.ts';

/** Recommends to everybody what was taken most often in training, of equals the first; a score is the count. */
export function popularityRecommender({ popularity }: Pick<Catalogue, 'popularity'>): Recommender {
  const ranked = popularity
    .map((score, item) => ({ item, score }))
    .sort((a, b) => b.score - a.score || a.item - b.item);
  return {
    name: 'popularity',
    recommend: async (histories, count) => histories.map(() => ranked.slice(0, count)),
  };
}
