import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { letters } from '../../test/support/tiny-policy.ts';
import { type PreferenceExample, toPreference } from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { byteTokenizer, chatmlTemplate, loadTokenizer } from '../tokenizers/index.ts';
import type { Columns } from '../types.ts';
import { type PairOptions, preferencePair } from './index.ts';

const options: PairOptions = { maxLength: null, contextLength: 100 };
const row = (prompt: string, chosen: string, rejected: string): PreferenceExample => ({
  example: { index: 3, columns: {} },
  prompt,
  chosen,
  rejected,
});

test('a pair is two sequences of one prompt, each ended', () => {
  const pair = preferencePair(row('ab', 'c', 'de'), letters, options);
  expect(pair).toEqual({
    chosen: {
      tokens: [...letters.encode('abc'), letters.eosTokenId],
      promptLength: 2,
      completionMask: [1, 1],
    },
    rejected: {
      tokens: [...letters.encode('abde'), letters.eosTokenId],
      promptLength: 2,
      completionMask: [1, 1, 1],
    },
  });
});

test('without a prompt the first token is read and not learned', () => {
  const { chosen } = preferencePair(row('', 'abc', 'de'), letters, options);
  expect(chosen).toMatchObject({ promptLength: 1, completionMask: [1, 1, 1] });
});

test('a conversation’s completions are what its template writes after the prompt', () => {
  const tokenizer = byteTokenizer({ chatTemplate: chatmlTemplate });
  const say = (role: string, content: string) => [{ role, content }];
  const { chosen, rejected } = preferencePair(
    {
      example: { index: 0, columns: {} },
      prompt: say('user', 'hi'),
      chosen: say('assistant', 'yes'),
      rejected: say('assistant', 'no'),
    },
    tokenizer,
    options,
  );
  const completion = ({ tokens, promptLength }: typeof chosen) =>
    tokenizer.decode(tokens.slice(promptLength), { skipSpecialTokens: false });
  expect(completion(chosen)).toBe('yes<|im_end|>\n');
  expect(completion(rejected)).toBe('no<|im_end|>\n');
});

test('max_length keeps the start of each completion', () => {
  const { rejected } = preferencePair(row('ab', 'c', 'defg'), letters, {
    ...options,
    maxLength: 4,
  });
  expect(rejected.tokens).toEqual(letters.encode('abde'));
  expect(rejected.completionMask).toEqual([1, 1]);
});

test('a row whose completion would be cut away is refused by name', () => {
  const cut = () => preferencePair(row('abcd', 'e', 'f'), letters, { ...options, maxLength: 4 });
  expect(cut).toThrow(DataError);
  expect(cut).toThrow(/row 3: max_length 4 cuts all of chosen away, since the prompt has 4 tokens/);
});

test('a row past the context is refused, saying what to set', () => {
  const long = () => preferencePair(row('a', 'b', 'c'.repeat(99)), letters, options);
  expect(long).toThrow(ConfigError);
  expect(long).toThrow(/row 3: prompt and rejected have 101 tokens.*set max_length to at most 100/);
});

test('text with a conversation is refused', () => {
  const mixed = { ...row('a', 'b', ''), rejected: [{ role: 'assistant', content: 'c' }] };
  expect(() => preferencePair(mixed, letters, options)).toThrow(
    /row 3: one of prompt and rejected is text, the other a conversation/,
  );
});

const folder = fileURLToPath(new URL('../../test/golden', import.meta.url));
const bytesBpe = `${folder}/tokenizers/trained/bytes-bpe`;

interface Golden {
  eosToken: string;
  cases: { row: Columns; prompt: number[]; chosen: number[]; rejected: number[] }[];
}
const golden = JSON.parse(readFileSync(`${folder}/updates/pairs.json`, 'utf8')) as Golden;

test.each(golden.cases.map((entry) => [JSON.stringify(entry.row).slice(0, 60), entry] as const))(
  '%s… becomes the tokens of TRL’s DPOTrainer',
  (_, { row: columns, prompt, chosen, rejected }) => {
    const tokenizer = loadTokenizer(bytesBpe, {
      chatTemplate: readFileSync(`${folder}/tokenizers/families/smollm.jinja`, 'utf8'),
      eosToken: golden.eosToken,
    });
    const pair = preferencePair(toPreference({ index: 0, columns }), tokenizer, {
      maxLength: null,
      contextLength: 1000,
    });
    expect(pair.chosen.promptLength).toBe(prompt.length);
    expect(pair.chosen.tokens).toEqual([...prompt, ...chosen]);
    expect(pair.rejected.tokens).toEqual([...prompt, ...rejected]);
  },
);

test('a token that would reach over the border is split, and the completion keeps all its text', () => {
  const tokenizer = loadTokenizer(bytesBpe);
  const prompt = 'One two th';
  const { chosen } = preferencePair(row(prompt, 'ree four', 'e five'), tokenizer, options);
  expect(tokenizer.decode(chosen.tokens.slice(chosen.promptLength))).toBe('ree four');
  expect(tokenizer.decode(chosen.tokens.slice(0, chosen.promptLength))).toBe(prompt);
});
