import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tinyData, tinyItems } from '../../../test/support/tiny-catalogue.ts';
import { temporaryFolder } from '../../../test/support/tiny-policy.ts';
import { DataError } from '../../errors.ts';
import { byteTokenizer, loadTokenizer } from '../../tokenizers/index.ts';
import type { Item } from '../types.ts';
import { semanticLanguage, titleLanguage, tokenLanguage } from './index.ts';

const textOf = (
  { tokenizer }: ReturnType<typeof semanticLanguage>,
  tokens: readonly number[],
): string => tokenizer.decode(tokens, { skipSpecialTokens: false });

const withIds = (...ids: string[]) => ({
  items: ids.map(
    (id, place): Item => ({
      key: `k${place}`,
      title: undefined,
      text: undefined,
      semanticId: id === '' ? undefined : id.split(' '),
    }),
  ),
  popularity: ids.map(() => 0),
});

test('semantic ids are words, numbered by level and then by their number', () => {
  const language = semanticLanguage(tinyData, { maxHistory: 3 });
  // 0, 1, 2 are padding, beginning and end.
  expect(
    ['<a_1>', '<a_2>', '<a_10>', '<b_0>', '<b_1>', '<b_10>'].map(language.tokenizer.tokenToId),
  ).toEqual([3, 4, 5, 6, 7, 8]);
  expect(textOf(language, language.promptOf([0, 3]))).toBe('<|bos|><a_1><b_0><a_2><b_0>');
});

test('a token each: one step to an item, which shares it with no other and needs neither id nor title', () => {
  const bare = { ...withIds('', '', ''), popularity: [0, 5, 0] };
  const language = tokenLanguage(bare, { maxHistory: 2 });
  expect(language.leftOut).toEqual([]);
  expect(textOf(language, language.promptOf([1, 2, 0]))).toBe('<|bos|><item_k2><item_k0>');
  for (const item of [0, 1, 2]) {
    expect(language.tokensOf(item)).toHaveLength(1);
    expect(language.itemsOf(language.tokensOf(item))).toEqual([item]);
  }
  expect(language.trie.maxTokens).toBe(1);
});

test('a token each: a tokenizer of other items is refused by the first that it lacks, as many as it has', () => {
  const { tokenizer } = tokenLanguage(withIds('', ''), { maxHistory: 2 });
  const other = withIds('', '').items.map((item, place) => ({ ...item, key: `new ${place}>` }));
  expect(() =>
    tokenLanguage({ items: other, popularity: [0, 0] }, { maxHistory: 2, tokenizer }),
  ).toThrow(/no token for the word "<item_new%200%3E>": it is of another catalogue/);
});

test('a prompt has the last items of a history; an empty history is its beginning alone', () => {
  const language = semanticLanguage(tinyData, { maxHistory: 2 });
  expect(language.promptOf([5, 4, 3, 0])).toEqual(language.promptOf([3, 0]));
  expect(language.promptOf([])).toEqual([1]);
});

test('items of one path follow training popularity, then their place', () => {
  const language = semanticLanguage(tinyData, { maxHistory: 2 });
  expect(language.itemsOf(language.tokensOf(4))).toEqual([1, 4]);
  const even = { ...tinyData, popularity: [0, 1, 0, 0, 2, 0] };
  const other = semanticLanguage(even, { maxHistory: 2 });
  expect(other.itemsOf(other.tokensOf(1))).toEqual([4, 1]);
  expect(language.itemsOf(language.tokensOf(4).slice(0, 1))).toEqual([]);
});

test('ids get an end token only where one begins another', () => {
  const even = semanticLanguage(withIds('a b', 'a c'), { maxHistory: 1 });
  expect(textOf(even, even.tokensOf(0))).toBe('ab');
  const unlike = semanticLanguage(withIds('a b', 'c'), { maxHistory: 1 });
  expect(textOf(unlike, unlike.tokensOf(1))).toBe('c');
  const begins = semanticLanguage(withIds('a b', 'a'), { maxHistory: 1 });
  expect(textOf(begins, begins.tokensOf(1))).toBe('a<|eos|>');
  expect(begins.itemsOf(begins.tokensOf(1))).toEqual([1]);
});

test('deciding codes are the shortest beginnings that no other id has', () => {
  const some = withIds('a b c', 'a b d', 'a e c', 'f b c', 'f b c');
  const language = semanticLanguage(some, { maxHistory: 2, codes: 'deciding' });
  const texts = some.items.map((_, item) => textOf(language, language.tokensOf(item)));
  expect(texts).toEqual(['abc', 'abd', 'ae', 'f', 'f']);
  expect(language.itemsOf(language.tokensOf(3))).toEqual([3, 4]);
  expect(textOf(language, language.promptOf([0, 2, 3]))).toBe('<|bos|>aef');
});

test('whatever the ids, deciding codes keep every path, apart from all others, and lose nothing else', () => {
  const word = fc.constantFrom('a', 'b', 'c');
  const id = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '));
  fc.assert(
    fc.property(fc.array(id, { minLength: 1, maxLength: 12 }), (ids) => {
      const some = withIds(...ids);
      const whole = semanticLanguage(some, { maxHistory: 4 });
      const short = semanticLanguage(some, { maxHistory: 4, codes: 'deciding' });
      for (const [item] of ids.entries()) {
        const tokens = short.tokensOf(item);
        expect(whole.tokensOf(item).slice(0, tokens.length)).toEqual(tokens);
        expect(short.itemsOf(tokens)).toEqual(whole.itemsOf(whole.tokensOf(item)));
        // One token less, and it is not alone any more.
        const before = tokens.slice(0, -1);
        const others = new Set(
          ids.filter((_, other) => before.every((token, t) => whole.tokensOf(other)[t] === token)),
        );
        if (before.length > 0) expect(others.size).toBeGreaterThan(1);
      }
    }),
  );
});

test('of beginnings, a code is another token after other codes', () => {
  const some = withIds('a b c', 'a b d', 'e b c');
  const language = semanticLanguage(some, { maxHistory: 2, vocabulary: 'beginnings' });
  const words = some.items.map((_, item) =>
    language.tokensOf(item).map((token) => language.tokenizer.idToToken(token)),
  );
  expect(words).toEqual([
    ['a', 'a/b', 'a/b/c'],
    ['a', 'a/b', 'a/b/d'],
    ['e', 'e/b', 'e/b/c'],
  ]);
});

test('whatever the ids, tokens of beginnings are shared as far as the ids are, and no further', () => {
  const word = fc.constantFrom('a', 'b', 'a/b', 'b/', '\\', '/');
  const id = fc.array(word, { minLength: 1, maxLength: 3 });
  const codes = fc.constantFrom('all' as const, 'deciding' as const);
  fc.assert(
    fc.property(fc.array(id, { minLength: 1, maxLength: 8 }), codes, (ids, codes) => {
      const some = withIds(...ids.map((words) => words.join(' ')));
      const plain = semanticLanguage(some, { maxHistory: 4, codes });
      const own = semanticLanguage(some, { maxHistory: 4, codes, vocabulary: 'beginnings' });
      const ends = ids.map((_, item) => own.tokensOf(item).at(-1)!);
      for (const a of ids.keys()) {
        expect(own.tokensOf(a)).toHaveLength(plain.tokensOf(a).length);
        expect(own.itemsOf(own.tokensOf(a))).toEqual(plain.itemsOf(plain.tokensOf(a)));
        for (const b of ids.keys()) {
          const [x, y] = [plain.tokensOf(a), plain.tokensOf(b)];
          const isShared = x.map((_, t) => x.slice(0, t + 1).join() === y.slice(0, t + 1).join());
          expect(own.tokensOf(a).map((token, t) => token === own.tokensOf(b)[t])).toEqual(isShared);
          // The last token of an item is that of no other, unless they are one path.
          if (x.join() !== y.join()) expect(own.tokensOf(b)).not.toContain(ends[a]);
        }
      }
    }),
  );
});

test('items without an id are an error with their number and the first, or left out', () => {
  const some = withIds('a b', '', 'a c', '');
  expect(() => semanticLanguage(some, { maxHistory: 2 })).toThrow(
    /2 of 4 items have no semantic id, the first is "k1"/,
  );
  const language = semanticLanguage(some, { maxHistory: 2, missing: 'leave-out' });
  expect(language.leftOut).toEqual([1, 3]);
  expect(language.itemsOf(language.tokensOf(2))).toEqual([2]);
  expect(language.promptOf([0, 1, 2])).toEqual(language.promptOf([0, 2]));
  expect(() => language.tokensOf(3)).toThrow(DataError);
});

test('a tokenizer of another catalogue is refused', () => {
  const { tokenizer } = semanticLanguage(withIds('a b'), { maxHistory: 1 });
  expect(() => semanticLanguage(withIds('a z'), { maxHistory: 1, tokenizer })).toThrow(
    /no token for the word "z"/,
  );
});

test('titles are lines; equal ones are one path', () => {
  const language = titleLanguage(tinyData, { maxHistory: 2 });
  expect(textOf(language, language.promptOf([3, 2]))).toBe('<|bos|>Café mug\nRed pen, 12 pens\n');
  expect(language.itemsOf(language.tokensOf(5))).toEqual([0, 5]);
  expect(language.itemsOf(language.tokensOf(1))).toEqual([1]);
});

test('a given tokenizer writes titles, after a prefix', () => {
  const tokenizer = byteTokenizer();
  const prefix = 'Bought so far:\n';
  const language = titleLanguage(tinyData, { maxHistory: 2, tokenizer, prefix });
  expect(textOf(language, language.promptOf([1]))).toBe(`${prefix}Red pen\n`);
});

test('items without a title are an error', () => {
  expect(() => titleLanguage(withIds('a', 'b'), { maxHistory: 2 })).toThrow(
    /2 of 2 items have no title, the first is "k0"/,
  );
});

test.each([
  ['semantic', semanticLanguage],
  ['title', titleLanguage],
] as const)('%s: a language read from its saved tokenizer is the same', (_, make) => {
  const language = make(tinyData, { maxHistory: 3 });
  const folder = temporaryFolder();
  language.tokenizer.save(folder);
  const again = make(tinyData, { maxHistory: 3, tokenizer: loadTokenizer(folder) });
  for (const item of tinyItems.keys())
    expect(again.tokensOf(item)).toEqual(language.tokensOf(item));
});

test('any titles: no path begins another, and each leads back to its items', () => {
  const titles = fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(titles, (all) => {
      const items = all.map((title, place) => ({
        ...tinyItems[0]!,
        key: `${place}`,
        title: `x${title}`,
      }));
      const language = titleLanguage({ items, popularity: all.map(() => 0) }, { maxHistory: 2 });
      for (const place of items.keys())
        expect(language.itemsOf(language.tokensOf(place))).toContain(place);
    }),
    { numRuns: 50 },
  );
});
