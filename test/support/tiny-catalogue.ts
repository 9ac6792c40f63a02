import type { Item, RecommendationData } from '../../src/recommendation/index.ts';

const item = (key: string, title: string, semanticId: string): Item => ({
  key,
  title,
  text: undefined,
  semanticId: semanticId.split(' '),
});

/** Six items: the second and the fifth share a semantic id, the first and the last a title. */
export const tinyItems: readonly Item[] = [
  item('p1', 'Blue pen', '<a_1> <b_0>'),
  item('p2', 'Red pen', '<a_1> <b_1>'),
  item('p3', 'Red pen, 12 pens', '<a_1> <b_10>'),
  item('p4', 'Café mug', '<a_2> <b_0>'),
  item('p5', 'Mug', '<a_1> <b_1>'),
  item('p6', 'Blue  pen', '<a_10> <b_0>'),
];

/** Eight users of the six items; the popularity is counted from their training items. */
export const tinyData: RecommendationData = {
  name: 'tiny',
  items: tinyItems,
  train: Array.from({ length: 8 }, (_, user) => ({
    user: `u${user}`,
    items: [user % 6, (user + 1) % 6, (user + 2) % 6],
    firstTarget: 1,
  })),
  valid: Array.from({ length: 8 }, (_, user) => ({
    user: `u${user}`,
    history: [user % 6, (user + 1) % 6, (user + 2) % 6],
    target: (user + 3) % 6,
  })),
  test: Array.from({ length: 8 }, (_, user) => ({
    user: `u${user}`,
    history: [user % 6, (user + 1) % 6, (user + 2) % 6, (user + 3) % 6],
    target: (user + 4) % 6,
  })),
  // Users 0 to 5 take every item three times, users 6 and 7 add items 0 1 2 and 1 2 3.
  popularity: [4, 5, 5, 4, 3, 3],
};
