import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tinyData } from '../../../../test/support/tiny-catalogue.ts';
import { ConfigError, DataError } from '../../../errors.ts';
import { type Item, semanticLanguage, titleLanguage } from '../../../recommendation/index.ts';
import { type Reward, scoreGroups } from '../../../rewards/index.ts';
import type { RolloutGroup } from '../../../types.ts';
import { columnsOf } from '../next-item-columns.ts';
import {
  collaborativeReward,
  namedRewards,
  rankingRewards,
  rankPenalties,
  rankPenaltyReward,
  rankWeights,
  ruleReward,
  semanticReward,
  tfidfSimilarity,
  vectorSimilarity,
} from './index.ts';

const language = semanticLanguage(tinyData, { maxHistory: 3 });

/** A group of written items, asked what follows items 0 and 1, with this answer. */
function groupOf(items: readonly number[], target: number, with_ = language): RolloutGroup {
  const columns = columnsOf({ user: 'u', history: [0, 1], target }, with_);
  const prompt = { example: { index: 0, columns }, source: '', text: '', tokens: [1] };
  const rollouts = items.map((item) => {
    const tokens = with_.tokensOf(item);
    return { tokens, text: '', logprobs: tokens.map(() => 0), finishReason: 'stop' as const };
  });
  return { prompt, rollouts };
}

async function score(reward: Reward | readonly Reward[], group: RolloutGroup) {
  const { totals, failures } = await scoreGroups([group], reward);
  const failed = failures.find(({ firstError }) => firstError !== undefined);
  if (failed !== undefined) throw new Error(failed.firstError);
  return totals[0]!;
}

test('the rule reward is 1 for the item that followed', async () => {
  expect(await score(ruleReward(), groupOf([0, 3, 2], 3))).toEqual([0, 1, 0]);
});

test('items that share a semantic id are all right, since they are written alike', async () => {
  // Items 1 and 4 share <a_1> <b_1>.
  expect(await score(ruleReward(), groupOf([1, 0], 4))).toEqual([1, 0]);
});

test('duplicate titles are one completion, and right for either item', async () => {
  // Items 0 and 5 are called "Blue pen", in one with two spaces.
  const titles = titleLanguage(tinyData, { maxHistory: 3 });
  expect(await score(ruleReward(), groupOf([5, 3], 0, titles))).toEqual([1, 0]);
  expect(titles.itemsOf(titles.tokensOf(5))).toEqual([0, 5]);
});

test('equal histories with other answers are scored each by its own', async () => {
  const groups = [groupOf([2, 3], 2), groupOf([2, 3], 3)];
  const { totals } = await scoreGroups(groups, ruleReward());
  expect(totals).toEqual([
    [1, 0],
    [0, 1],
  ]);
});

test('rank weights of a group of 16 are the published ones and add to 1', () => {
  const published = [
    0.1638, 0.1033, 0.0819, 0.0705, 0.0634, 0.0583, 0.0546, 0.0517, 0.0493, 0.0473, 0.0457, 0.0443,
    0.043, 0.0419, 0.0409, 0.0401,
  ];
  const weights = rankWeights(16);
  for (const [k, weight] of weights.entries())
    expect(Math.abs(weight - published[k]!)).toBeLessThan(5.1e-5);
  expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  // 1 / w_0 is the normaliser, 6.10600.
  expect(1 / weights[0]!).toBeCloseTo(6.106, 4);
});

test('the ranking reward adds the cost of the place to the rule reward', async () => {
  // G = 3: 1/log2(2) = 1, 1/log2(3) = 0.63093, 1/log2(4) = 0.5; their sum is 2.13093.
  const found = (await score(rankingRewards(), groupOf([0, 3, 2], 3))) as number[];
  expect(found[0]).toBeCloseTo(-1 / 2.130929754, 8);
  expect(found[1]).toBe(1);
  expect(found[2]).toBeCloseTo(-0.5 / 2.130929754, 8);
});

test('without the item that followed nothing is taken off', async () => {
  expect(await score(rankingRewards(), groupOf([0, 3, 2], 5))).toEqual([0, 0, 0]);
  expect(await score(rankPenaltyReward(), groupOf([0, 3, 2], 5))).toEqual([0, 0, 0]);
});

test('ranking alone leaves the item that followed at 0, above all others', async () => {
  const found = (await score(rankPenaltyReward(), groupOf([0, 3, 2], 0))) as number[];
  expect(found[0]).toBe(0);
  // w_1 = 0.63093 / 2.13093
  expect(found[1]).toBeCloseTo(-0.6309297536 / 2.130929754, 8);
});

test('any group with one hit: penalties are −(1 − w) in sum, and cost less at each place down', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), (size, seed) => {
      const hit = seed % size;
      const penalties = rankPenalties(Array.from({ length: size }, (_, k) => k === hit));
      const total = penalties.reduce((sum, penalty) => sum + penalty, 0);
      expect(total).toBeCloseTo(-(1 - rankWeights(size)[hit]!), 10);
      const wrong = penalties.filter((_, k) => k !== hit);
      for (const [k, penalty] of wrong.entries())
        if (k > 0) expect(penalty).toBeGreaterThan(wrong[k - 1]!);
    }),
  );
});

test('a row without its answer is refused by name', async () => {
  const group = groupOf([0], 0);
  const bare = {
    ...group,
    prompt: { ...group.prompt, example: { index: 0, columns: { user: 'u' } } },
  };
  await expect(score(ruleReward(), bare)).rejects.toThrow(/no column target_tokens.*it has user/);
});

const textItem = (key: string, title: string): Item => ({
  key,
  title,
  text: undefined,
  semanticId: [key],
});

test('TF-IDF likeness is the cosine of smoothed weights', () => {
  const similarity = tfidfSimilarity([
    textItem('a', 'red pen'),
    textItem('b', 'Red, red mug'),
    textItem('c', 'blue'),
  ]);
  // N = 3. idf(red) = ln(4/3) + 1 = 1.287682; idf of a word of one item = ln(4/2) + 1 = 1.693147.
  // a = (red 1.287682, pen 1.693147), length 2.127178; b = (red 2.575364, mug 1.693147), length 3.082063.
  expect(similarity(0, 1)).toBeCloseTo((1.287682072 * 2.575364145) / (2.127178 * 3.082063), 5);
  expect(similarity(0, 2)).toBe(0);
  expect(similarity(1, 1)).toBe(1);
});

test('the semantic reward is 1 for the same path, else the likeness to the item that followed', async () => {
  const reward = semanticReward(language, (a, b) => 0.1 * a + 0.01 * b);
  // Item 1 is written as item 4; item 3: 0.3 + 0.04.
  const found = (await score(reward, groupOf([1, 3], 4))) as number[];
  expect(found[0]).toBe(1);
  expect(found[1]).toBeCloseTo(0.34, 12);
});

test('vectors are read by key, and an item without one is an error that names it', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'laurel-vectors-')), 'vectors.jsonl');
  writeFileSync(file, '{"key":"b","vector":[0,2]}\n{"key":"a","vector":[3,4]}\n');
  const items = [textItem('a', ''), textItem('b', '')];
  // (3, 4) / 5 · (0, 1) = 0.8
  expect(vectorSimilarity(items, file)(0, 1)).toBeCloseTo(0.8, 12);
  expect(() => vectorSimilarity([...items, textItem('c', '')], file)).toThrow(
    /item "c" has no vector/,
  );
  writeFileSync(file, '{"key":"b","vector":"0"}\n');
  expect(() => vectorSimilarity(items, file)).toThrow(DataError);
});

test('the collaborative reward is what the scorer says of each item after the history', async () => {
  const asked: unknown[] = [];
  const reward = collaborativeReward(language, (history, items) => {
    asked.push([history, items]);
    return items.map((item) => item / 10);
  });
  expect(await score(reward, groupOf([3, 2, 4], 0))).toEqual([0.3, 0.2, 0.1]);
  // Item 4 shares its path with item 1, which more people took.
  expect(asked).toEqual([
    [
      [0, 1],
      [3, 2, 1],
    ],
  ]);
});

test('a reward that has nothing to compare, or nobody to ask, is refused', () => {
  const language = semanticLanguage(tinyData, { maxHistory: 2 });
  const silent = tinyData.items.map((item) => ({ ...item, title: undefined, text: undefined }));
  expect(() => namedRewards('semantic', { items: silent, language })).toThrow(DataError);
  expect(() => namedRewards('collaborative', { items: tinyData.items, language })).toThrow(
    ConfigError,
  );
});
