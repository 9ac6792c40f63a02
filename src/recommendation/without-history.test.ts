import fc from 'fast-check';
import { expect, it } from 'vitest';
import { popularityRecommender } from './popularity.ts';
import type { Recommender } from './types.ts';
import { withoutHistory } from './without-history.ts';

it('withoutHistory gives the best items that a history lacks, as many as asked where there are', async () => {
  const popularity = [4, 9, 1, 7, 7, 3];
  const plain = popularityRecommender({ popularity });
  const history = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(history, history, fc.integer({ min: 1, max: 6 }), async (a, b, count) => {
      const lists = await withoutHistory(plain).recommend([a, b], count);
      const [all] = await plain.recommend([[0]], 6);
      for (const [row, taken] of [a, b].entries()) {
        const rest = all!.filter(({ item }) => !taken.includes(item));
        expect(lists[row]).toEqual(rest.slice(0, count));
      }
    }),
  );
});

it('how much is asked for depends on a history alone, not on its company', async () => {
  const asked: [number, number][] = [];
  const counting: Recommender = {
    name: 'counting',
    async recommend(histories, count) {
      for (const history of histories) asked.push([history.length, count]);
      return histories.map(() => Array.from({ length: count }, (_, item) => ({ item, score: 0 })));
    },
  };
  // Different items 1, 3, 5, 3: rounded up to 1, 4, 8, 4.
  const histories = [
    [7, 7],
    [0, 1, 2],
    [0, 1, 2, 3, 9],
    [4, 5, 6],
  ];
  const lists = await withoutHistory(counting).recommend(histories, 10);
  expect(asked).toEqual([
    [2, 11],
    [3, 14],
    [3, 14],
    [5, 18],
  ]);
  // Item 9 of the third is among the first 18 as well: 4 to 8 and 10 to 14.
  expect(lists[2]!.map(({ item }) => item)).toEqual([4, 5, 6, 7, 8, 10, 11, 12, 13, 14]);
});
