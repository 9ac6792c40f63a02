import { expect, test } from 'vitest';
import { countItems, popularityRecommender } from './popularity.ts';

const train = [
  { user: 'a', items: [2, 1, 2], firstTarget: 1 },
  { user: 'b', items: [1], firstTarget: 1 },
  { user: 'c', items: [3], firstTarget: 1 },
];
// Items 0 to 4 occur 0, 2, 2, 1 and 0 times.
const popularity = countItems(train, 5);

test('popularity counts each time an item occurs in train', () => {
  expect(popularity).toEqual([0, 2, 2, 1, 0]);
});

test('everybody is recommended the most popular items, ties by place', async () => {
  const [first, second] = await popularityRecommender({ popularity }).recommend([[1], [3, 2]], 4);
  expect(first).toEqual([
    { item: 1, score: 2 },
    { item: 2, score: 2 },
    { item: 3, score: 1 },
    { item: 0, score: 0 },
  ]);
  expect(second).toEqual(first);
});

test('items of the history are left out where that is asked, and others move up', async () => {
  const recommender = popularityRecommender({ popularity }, { historyItems: 'left out' });
  const [ranked] = await recommender.recommend([[2, 1, 2]], 2);
  expect(ranked!.map(({ item }) => item)).toEqual([3, 0]);
});

test('a catalogue smaller than the count is recommended whole', async () => {
  const [ranked] = await popularityRecommender({ popularity }).recommend([[0]], 100);
  expect(ranked).toHaveLength(5);
});
