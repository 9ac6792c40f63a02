import fc from 'fast-check';
import { expect, it } from 'vitest';
import { topItems } from './top-items.ts';

it('topItems is the head of all items sorted by score, of equal scores the lower place first', () => {
  const scores = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(scores, fc.integer({ min: 1, max: 45 }), (values, count) => {
      const sorted = values
        .map((score, item) => ({ item, score }))
        .sort((a, b) => b.score - a.score || a.item - b.item);
      expect(topItems(values, count)).toEqual(sorted.slice(0, count));
    }),
  );
});
