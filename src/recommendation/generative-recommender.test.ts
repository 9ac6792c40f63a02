import { expect, test } from 'vitest';
import { tinyData } from '../../test/support/tiny-catalogue.ts';
import { temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import {
  generativeRecommender,
  loadRecommender,
  saveRecommender,
  semanticLanguage,
  titleLanguage,
  tokenLanguage,
  writeRecommenderFile,
} from './index.ts';

const language = semanticLanguage(tinyData, { maxHistory: 4 });
const policy = tinyPolicy({ tokenizer: language.tokenizer });
const histories = [[0, 1], [2], [5, 4, 3, 2, 1]];

test('as wide as the catalogue every item comes once, by its own probability', async () => {
  const lists = await generativeRecommender(policy, language).recommend(histories, 6);
  for (const [row, ranked] of lists.entries()) {
    expect(ranked.map(({ item }) => item).sort()).toEqual([0, 1, 2, 3, 4, 5]);
    const prompt = language.tokenizer.decode(language.promptOf(histories[row]!), {
      skipSpecialTokens: false,
    });
    for (const [place, { item, score }] of ranked.entries()) {
      const tokens = language.tokensOf(item);
      const [logprobs] = policy.score(prompt, [{ tokens }], { logprobDistribution: 'full' });
      expect(score).toBeCloseTo(
        logprobs!.reduce((sum, x) => sum + x, 0),
        4,
      );
      expect(score).toBeLessThanOrEqual(ranked[place - 1]?.score ?? 0);
    }
    const places = ranked.map(({ item }) => item);
    expect(places.indexOf(4)).toBe(places.indexOf(1) + 1);
  }
});

test('batches change nothing', async () => {
  const together = await generativeRecommender(policy, language).recommend(histories, 4);
  const apart = await generativeRecommender(policy, language, { batchSize: 1 }).recommend(
    histories,
    4,
  );
  expect(apart.map((list) => list.map(({ item }) => item))).toEqual(
    together.map((list) => list.map(({ item }) => item)),
  );
});

test('items that share a path are cut off at the count', async () => {
  const recommender = generativeRecommender(policy, language, { width: 5 });
  for (const count of [1, 2, 3, 4, 5]) {
    const lists = await recommender.recommend(histories, count);
    expect(lists.map(({ length }) => length)).toEqual([count, count, count]);
  }
});

test.each([
  ['semantic', semanticLanguage],
  ['title', titleLanguage],
  ['token', tokenLanguage],
] as const)('a saved %s recommender needs its folder only', async (kind, make) => {
  const spoken = make(tinyData, { maxHistory: 4 });
  const saved = tinyPolicy({ tokenizer: spoken.tokenizer });
  const folder = temporaryFolder();
  saveRecommender(folder, { policy: saved, language: spoken, data: tinyData });
  const loaded = loadRecommender(folder);
  expect(loaded).toMatchObject({ method: 'generative', language: { kind, maxHistory: 4 } });
  expect(loaded.catalogue).toMatchObject({ dataset: 'tiny', popularity: tinyData.popularity });
  expect(await loaded.recommender.recommend(histories, 4)).toEqual(
    await generativeRecommender(saved, spoken).recommend(histories, 4),
  );
});

test('what stands before every history stays when a loaded recommender is saved again', () => {
  const spoken = titleLanguage(tinyData, { maxHistory: 4, prefix: 'next of: ' });
  const saved = tinyPolicy({ tokenizer: spoken.tokenizer });
  const [first, second] = [temporaryFolder(), temporaryFolder()];
  saveRecommender(first, { policy: saved, language: spoken, data: tinyData });
  const loaded = loadRecommender(first);
  saveRecommender(second, { policy: saved, language: loaded.language!, data: tinyData });
  expect(loadRecommender(second).language!.promptOf([0])).toEqual(spoken.promptOf([0]));
});

test('a recommender remembers what its likelihood is of', async () => {
  const spoken = semanticLanguage(tinyData, { maxHistory: 4, distribution: 'constrained' });
  const folder = temporaryFolder();
  saveRecommender(folder, { policy, language: spoken, data: tinyData });
  const { recommender } = loadRecommender(folder);
  const among = { distribution: 'constrained' } as const;
  const expected = await generativeRecommender(policy, language, among).recommend(histories, 4);
  expect(await recommender.recommend(histories, 4)).toEqual(expected);
  // Renormalised, the probabilities of all different paths sum to 1.
  const [all] = await recommender.recommend([[0]], 6);
  const paths = new Map(all!.map(({ item, score }) => [`${spoken.tokensOf(item)}`, score]));
  const total = [...paths.values()].reduce((sum, score) => sum + Math.exp(score), 0);
  expect(total).toBeCloseTo(1, 5);
});

test('a folder that is no recommender, or of an unknown method, is named', () => {
  const folder = temporaryFolder();
  expect(() => loadRecommender(folder)).toThrow(/no recommender.json \(found nothing\)/);
  const { name: dataset, items, popularity } = tinyData;
  writeRecommenderFile(folder, {
    method: 'magic',
    dataset,
    settings: {},
    items,
    popularity: [...popularity],
  });
  expect(() => loadRecommender(folder)).toThrow(/method "magic" is unknown; known are generative/);
});
