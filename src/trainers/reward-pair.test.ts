import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { letters } from '../../test/support/tiny-policy.ts';
import { type PreferenceExample, toPreference } from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { loadTokenizer } from '../tokenizers/index.ts';
import type { Columns } from '../types.ts';
import { rewardPair, rewardPairs } from './index.ts';

const folder = fileURLToPath(new URL('../../test/golden', import.meta.url));
interface Golden {
  eosToken: string;
  cases: { row: Columns; chosen: number[]; rejected: number[] }[];
}
const golden = JSON.parse(readFileSync(`${folder}/reward/tokens.json`, 'utf8')) as Golden;

test.each(golden.cases.map((entry) => [JSON.stringify(entry.row).slice(0, 60), entry] as const))(
  '%s… becomes the tokens of TRL’s RewardTrainer',
  (_, { row: columns, chosen, rejected }) => {
    const tokenizer = loadTokenizer(`${folder}/tokenizers/trained/bytes-bpe`, {
      chatTemplate: readFileSync(`${folder}/tokenizers/families/smollm.jinja`, 'utf8'),
      eosToken: golden.eosToken,
    });
    const row = toPreference({ index: 0, columns }, { implicitPrompt: 'left in' });
    expect(rewardPair(row, tokenizer)).toEqual({ chosen, rejected });
  },
);

const row = (prompt: string, chosen: string, columns: Columns = {}): PreferenceExample => ({
  example: { index: 3, columns },
  prompt,
  chosen,
  rejected: 'b',
});
const options = { maxLength: null, contextLength: 8 };

test('both texts end, and the row’s margin goes with them', () => {
  expect(rewardPair(row('ab', 'c', { margin: 0.5 }), letters)).toEqual({
    chosen: [...letters.encode('abc'), letters.eosTokenId],
    rejected: [...letters.encode('abb'), letters.eosTokenId],
    margin: 0.5,
  });
});

test('pairs with a text past max_length are left out and counted, those of just that length kept', () => {
  // `abcd` and the end of sequence: five tokens.
  const rows = [row('a', 'bcd'), row('a', 'bcde')];
  const found = rewardPairs(rows, letters, { ...options, maxLength: 5 });
  expect(found.tooLong).toBe(1);
  expect(found.pairs).toEqual([rewardPair(rows[0]!, letters)]);
});

test('when every pair is too long the error says what to set', () => {
  const none = () => rewardPairs([row('a', 'bcd')], letters, { ...options, maxLength: 4 });
  expect(none).toThrow(DataError);
  expect(none).toThrow(/leaves all 1 pairs out.*set max_length to at least 5, at most 8/);
});

test('a text past the context is refused, saying what to set', () => {
  const long = () => rewardPairs([row('a', 'b'.repeat(9))], letters, options);
  expect(long).toThrow(ConfigError);
  expect(long).toThrow(/row 3: a text has 11 tokens.*set max_length to at most 8/);
});

test.each([
  ['of a word', [row('a', 'b', { margin: 'much' })], /row 3: column "margin".*found "much"/],
  [
    'that only some rows have',
    [row('a', 'b', { margin: 1 }), row('a', 'c')],
    /row 3: has no margin/,
  ],
])('a margin %s is refused', (_, rows, message) => {
  expect(() => rewardPairs(rows, letters, options)).toThrow(message);
});

test('text with a conversation is refused', () => {
  const mixed = { ...row('a', 'b'), rejected: [{ role: 'assistant', content: 'c' }] };
  expect(() => rewardPair(mixed, letters)).toThrow(/row 3: one of prompt and rejected is text/);
});
