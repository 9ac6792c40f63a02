import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tinyData } from '../../test/support/tiny-catalogue.ts';
import { tinyPolicy } from '../../test/support/tiny-policy.ts';
import { ConfigError } from '../errors.ts';
import {
  estimate,
  evaluateRecommender,
  generativeRecommender,
  hitRate,
  ndcg,
  popularityRecommender,
  type Recommender,
  rankOf,
  semanticLanguage,
} from './index.ts';

test('a rank counts from 1; a missing target has none', () => {
  expect(rankOf([{ item: 4 }, { item: 7 }], 7)).toBe(2);
  expect(rankOf([{ item: 4 }], 7)).toBe(0);
});

test('NDCG is 1 / log2(rank + 1) within the cut-off', () => {
  // log2(2) = 1, log2(4) = 2, log2(8) = 3.
  expect([1, 3, 7].map((rank) => ndcg(rank, 10))).toEqual([1, 1 / 2, 1 / 3]);
  expect([ndcg(0, 10), ndcg(11, 10), hitRate(0, 10), hitRate(11, 10), hitRate(10, 10)]).toEqual([
    0, 0, 0, 0, 1,
  ]);
});

test('an estimate has its standard error', () => {
  // Mean 1/2; squares 4 · 1/4 = 1; variance 1/3; √(1/3 / 4) = √(1/12).
  const { mean, standardError } = estimate([0, 1, 1, 0]);
  expect(mean).toBe(0.5);
  expect(standardError).toBeCloseTo(Math.sqrt(1 / 12), 12);
  expect(estimate([3])).toEqual({ mean: 3, standardError: 0 });
});

/** Gives each history of n items the list of that number. */
const scripted = (...lists: number[][]): Recommender => ({
  name: 'scripted',
  recommend: async (histories) =>
    histories.map(({ length }) => lists[length - 1]!.map((item, k) => ({ item, score: -k }))),
});

const questions = [
  { user: 'a', history: [0], target: 2 },
  { user: 'b', history: [0, 1], target: 5 },
];

test('measures of two users by hand', async () => {
  // Ranks 2 and none. The first list repeats item 0, the second items 0 and 1.
  const recommender = scripted([0, 2, 3], [0, 1, 2]);
  const result = await evaluateRecommender(recommender, questions, { data: tinyData, ks: [3, 1] });
  expect(result).toMatchObject({
    users: 2,
    invalidRate: 0,
    shortLists: 0,
    sharedTargets: null,
    ranks: [2, 0],
  });
  const [first, third] = result.cutOffs;
  // At 1: no hit; only item 0 of 6 is shown, and both have it.
  expect(first).toMatchObject({ k: 1, hitRate: { mean: 0 }, coverage: 1 / 6, repetition: 1 });
  // At 3: hits 1 and 0; 1 / log2(3) and 0; items 0 1 2 3; three of six entries are known.
  expect(third).toMatchObject({ k: 3, hitRate: { mean: 0.5 }, coverage: 4 / 6, repetition: 3 / 6 });
  expect(third!.ndcg.mean).toBeCloseTo(1 / Math.log2(3) / 2, 12);
});

test('ranks among what the history has not, in the same lists', async () => {
  // Without item 0 the target 2 comes first; without items 0 and 1 the target 5 does.
  const recommender = scripted([0, 2, 3], [0, 1, 5]);
  const result = await evaluateRecommender(recommender, questions, { data: tinyData, ks: [3] });
  expect(result).toMatchObject({ ranks: [2, 3], ranksLeftOut: [1, 1] });
});

test('what is no item, or comes twice, is counted as invalid', async () => {
  // Of five entries: 9 is no item, −1 neither, the second 2 a repetition.
  const recommender = scripted([2, 9, 2], [-1, 0]);
  const result = await evaluateRecommender(recommender, questions, { data: tinyData, ks: [3] });
  expect(result).toMatchObject({ invalidRate: 3 / 5, shortLists: 1 });
});

test('targets that share their path are counted', async () => {
  const language = semanticLanguage(tinyData, { maxHistory: 4 });
  const policy = tinyPolicy({ tokenizer: language.tokenizer });
  const recommender = generativeRecommender(policy, language);
  const result = await evaluateRecommender(recommender, tinyData.test, {
    data: tinyData,
    language,
    ks: [6],
  });
  // Targets are 4 5 0 1 2 3 4 5; items 1 and 4 share an id: three targets.
  expect(result).toMatchObject({ sharedTargets: 3, invalidRate: 0, shortLists: 0 });
  expect(result.cutOffs[0]!.hitRate.mean).toBe(1);
});

test('the rank of an item does not depend on which is the target', async () => {
  const language = semanticLanguage(tinyData, { maxHistory: 4 });
  const policy = tinyPolicy({ tokenizer: language.tokenizer });
  const item = fc.integer({ min: 0, max: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 5 }), async (history) => {
      const all = tinyData.items.map((_, target) => ({ user: 'u', history, target }));
      for (const recommender of [
        generativeRecommender(policy, language, { batchSize: 4 }),
        popularityRecommender(tinyData),
      ]) {
        const { ranks } = await evaluateRecommender(recommender, all, { data: tinyData, ks: [6] });
        // Six targets of one history fill the six ranks, each once.
        expect([...ranks].sort()).toEqual([1, 2, 3, 4, 5, 6]);
      }
    }),
    { numRuns: 20 },
  );
});

test('popularity ranks by count, then place', async () => {
  const [list] = await popularityRecommender(tinyData).recommend([[0]], 4);
  expect(list!.map(({ item }) => item)).toEqual([1, 2, 0, 3]);
});

test('no questions, or a cut-off that is none, is an error', async () => {
  const recommender = popularityRecommender(tinyData);
  await expect(evaluateRecommender(recommender, [], { data: tinyData })).rejects.toThrow(
    ConfigError,
  );
  await expect(
    evaluateRecommender(recommender, questions, { data: tinyData, ks: [0] }),
  ).rejects.toThrow(/cut-offs are positive whole numbers; found \[0\]/);
});
