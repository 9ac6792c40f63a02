import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/support/tiny-policy.ts';
import { loadTokenizer, textWordTokenizer, wordTokenizer } from './index.ts';

const words = ['<a_1>', '<a_12>', '<b_0>', 'x'];

test('a word is one token wherever it stands, and of two the longer', () => {
  const tokenizer = wordTokenizer(words);
  // pad, bos, eos are 0 to 2, so that the words are 3 to 6.
  expect(tokenizer.encode('<a_12><b_0> <a_1>x')).toEqual([4, 5, 3, 6]);
  expect(tokenizer.decode([4, 5, 2])).toBe('<a_12><b_0>');
  expect(tokenizer.encode('<b_0>?')).toEqual([5, tokenizer.tokenToId('<|unk|>')]);
  expect(tokenizer).toMatchObject({ padTokenId: 0, bosTokenId: 1, eosTokenId: 2, vocabSize: 8 });
});

test('a repeated word is refused', () => {
  expect(() => wordTokenizer(['a', 'b', 'a'])).toThrow('"a" is in the vocabulary twice');
});

test('frequent words are one token, other text its bytes', () => {
  const tokenizer = textWordTokenizer(['Blue pen', 'Red pen, 12 pens']);
  // Only " pen" occurs twice: 3 special tokens, 256 bytes, 1 word.
  expect(tokenizer.vocabSize).toBe(260);
  expect(tokenizer.encode(' pen')).toEqual([259]);
  expect(tokenizer.encode('Red')).toHaveLength(3);
  expect(tokenizer.encode('¼ pen\n')).toHaveLength(2 + 1 + 1);
});

test('every text comes back as it was', () => {
  const tokenizer = textWordTokenizer(['naïve café pens', 'café “pens” 12']);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const kept = text.replace(/<\|\w+\|>/g, '');
      expect(tokenizer.decode(tokenizer.encode(kept))).toBe(kept);
    }),
  );
});

const python = process.env['LAUREL_PYTHON'];

const samples = [
  '<a_12><b_0> <a_1>x',
  'Red pen, 12 pens\n',
  "it's café — 𝟛 ½  two",
  '<b_0>?<|eos|>',
];

test.each([
  ['words', () => wordTokenizer(words)],
  ['words of texts', () => textWordTokenizer(['Red pen, 12 pens', "it's café", "it's Red pen"])],
])('%s: the saved folder reads as the tokenizer made in code', (_, make) => {
  const tokenizer = make();
  const folder = temporaryFolder();
  tokenizer.save(folder);
  const loaded = loadTokenizer(folder);
  for (const text of samples) {
    expect(loaded.encode(text)).toEqual(tokenizer.encode(text));
    expect(loaded.decode(loaded.encode(text))).toBe(tokenizer.decode(tokenizer.encode(text)));
  }
});

test.skipIf(python === undefined)(
  'transformers reads the saved folders alike (set LAUREL_PYTHON to a python with transformers)',
  () => {
    const script = `
import json, sys
from transformers import AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
texts = json.loads(sys.argv[2])
print(json.dumps([tokenizer.encode(t, add_special_tokens=False) for t in texts]))`;
    for (const tokenizer of [
      wordTokenizer(words),
      textWordTokenizer(['Red pen, 12 pens', "it's café", "it's Red pen"]),
    ]) {
      const folder = temporaryFolder();
      tokenizer.save(folder);
      const output = execFileSync(python!, ['-c', script, folder, JSON.stringify(samples)]);
      expect(JSON.parse(output.toString())).toEqual(samples.map((text) => tokenizer.encode(text)));
    }
  },
  120_000,
);
