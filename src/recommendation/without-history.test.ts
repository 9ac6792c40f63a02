import fc from 'fast-check';
import { expect, it } from 'vitest';
import { popularityRecommender } from './popularity.ts';
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
