import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  readRecommendationAbout,
  readRecommendationData,
  writeRecommendationData,
} from './data-folder.ts';
import type { RecommendationData } from './types.ts';

const root = mkdtempSync(join(tmpdir(), 'laurel-recommendation-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const none = { title: undefined, text: undefined, semanticId: undefined };
const data: RecommendationData = {
  name: 'shop',
  items: [
    { key: 'tea', title: 'Tea "green"\nfine', text: 'leaves', semanticId: ['<a_1>', '<b_2>'] },
    { ...none, key: 'cup' },
    { ...none, key: 'pot' },
  ],
  train: [{ user: 'ann', items: [0, 1, 0], firstTarget: 2 }],
  valid: [{ user: 'ann', history: [0, 1, 0], target: 2 }],
  test: [],
  popularity: [2, 1, 0],
};
const finding = { name: 'malformed_rows', count: 1, text: 'rows, left out', examples: ['a:2'] };

/** A folder with the data, one of its files changed. */
function damaged(name: string, file: string, text: string): string {
  const folder = join(root, name);
  writeRecommendationData(folder, data);
  writeFileSync(join(folder, file), text);
  return folder;
}

test('what is written is read back, with its report', () => {
  const folder = join(root, 'a', 'b');
  writeRecommendationData(folder, data, [finding]);
  expect(readRecommendationData(folder)).toEqual(data);
  expect(readRecommendationAbout(folder).report).toEqual([finding]);
});

test('an earlier data set is replaced whole, and nothing else is left beside it', () => {
  const folder = join(root, 'c', 'data');
  writeRecommendationData(folder, data);
  writeFileSync(join(folder, 'extra.txt'), 'old');
  writeRecommendationData(folder, { ...data, name: 'second' });
  expect(readRecommendationData(folder).name).toBe('second');
  expect(readdirSync(join(root, 'c'))).toEqual(['data']);
  expect(readdirSync(folder).sort()).toEqual(
    ['about.json', 'items.jsonl', 'test.jsonl', 'train.jsonl', 'valid.jsonl'].sort(),
  );
});

test('a folder that holds something else is not replaced', () => {
  const folder = join(root, 'letters');
  mkdirSync(folder);
  writeFileSync(join(folder, 'letter.txt'), 'dear');
  expect(() => writeRecommendationData(folder, data)).toThrow(/choose another folder/);
  expect(readFileSync(join(folder, 'letter.txt'), 'utf8')).toBe('dear');
});

test('a folder without a data set says how one is made', () => {
  expect(() => readRecommendationData(join(root, 'nowhere'))).toThrow(
    /nowhere: no prepared data set is here; laurel recommend prepare makes one/,
  );
});

test.each([
  ['a place beyond the catalogue', 'train.jsonl', '{"user":"ann","items":[3],"firstTarget":1}\n'],
  ['a target beyond it', 'valid.jsonl', '{"user":"ann","history":[0],"target":3}\n'],
])('%s is refused with file and line', (what, file, text) => {
  expect(() => readRecommendationData(damaged(what, file, text))).toThrow(
    new RegExp(`${file}:1: names item 3, but items.jsonl has 3`),
  );
});

test.each([
  ['a line cut short', '{"user":"ann","hist\n', /valid.jsonl:1: not valid JSON/],
  ['a missing history', '{"user":"ann","target":1}\n', /valid.jsonl:1: .* at history/],
  ['an empty history', '{"user":"ann","history":[],"target":1}\n', /valid.jsonl:1: .* at history/],
  ['missing lines', '', /valid.jsonl: expected 1 lines, as about.json says, found 0/],
])('%s is refused with its place', (what, text, message) => {
  expect(() => readRecommendationData(damaged(what, 'valid.jsonl', text))).toThrow(message);
});

test('another version of the format is refused', () => {
  const text = readFileSync(join(damaged('v2', 'test.jsonl', ''), 'about.json'), 'utf8');
  const folder = damaged('v2', 'about.json', text.replace('"format": 1', '"format": 2'));
  expect(() => readRecommendationData(folder)).toThrow(/about.json: .* at format/);
});

test('a first target beyond the items of its sequence is refused', () => {
  const folder = damaged('t', 'train.jsonl', '{"user":"ann","items":[1],"firstTarget":2}\n');
  expect(() => readRecommendationData(folder)).toThrow(/train.jsonl:1: firstTarget is 2/);
});
