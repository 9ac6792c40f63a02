import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenTrie } from './index.ts';

const END = 9;
/** Sequences over few tokens, so that many share a beginning, each with an end of its own. */
const catalogue = fc.array(
  fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 }).map((tokens) => [...tokens, END]),
  { minLength: 1, maxLength: 40 },
);

/** Every path from the root to an end. */
function paths(trie: TokenTrie, node = trie.start, before: readonly number[] = []): number[][] {
  if (trie.isEnd(node)) return [[...before]];
  return Array.from(trie.allowed(node)).flatMap((token, index) =>
    paths(trie, trie.follow(node, index), [...before, token]),
  );
}

const distinct = (sequences: readonly (readonly number[])[]): string[] =>
  [...new Set(sequences.map((sequence) => sequence.join()))].sort();

test('its paths are the sequences, each once, and lead to all places that have them', () => {
  fc.assert(
    fc.property(catalogue, (sequences) => {
      const trie = TokenTrie.of(sequences);
      expect(paths(trie).map((path) => path.join())).toHaveLength(distinct(sequences).length);
      expect(distinct(paths(trie))).toEqual(distinct(sequences));
      for (const sequence of sequences) {
        const same = sequences.flatMap((other, i) => (other.join() === sequence.join() ? [i] : []));
        expect([...trie.sequencesAt(trie.find(sequence)!)]).toEqual(same);
      }
    }),
  );
});

test('it has a node for each distinct beginning, and every node but an end allows a token', () => {
  fc.assert(
    fc.property(catalogue, (sequences) => {
      const trie = TokenTrie.of(sequences);
      const beginnings = sequences.flatMap((s) => s.map((_, t) => s.slice(0, t + 1).join()));
      expect(trie.size).toBe(1 + new Set(beginnings).size);
      expect(trie.maxTokens).toBe(Math.max(...sequences.map(({ length }) => length)));
      for (let node = 0; node < trie.size; node++) {
        const tokens = [...trie.allowed(node)];
        expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
        expect(trie.isEnd(node)).toBe(tokens.length === 0);
        expect(trie.isEnd(node)).toBe(trie.sequencesAt(node).length > 0);
      }
    }),
  );
});

test('what is no path is not found', () => {
  const trie = TokenTrie.of([
    [1, 2, 3],
    [1, 4, 3],
  ]);
  expect(trie.find([1, 2])).toBeDefined();
  expect(trie.isEnd(trie.find([1, 2])!)).toBe(false);
  expect(trie.find([1, 3])).toBeUndefined();
  expect(trie.find([1, 2, 3, 3])).toBeUndefined();
});

describe('refused are', () => {
  test.each([
    [[[1], [1, 2]], /sequence 0 begins sequence 1, so that its end could not be told/],
    [[[3, 1, 2], [0], [3, 1], [3, 1, 2]], /sequence 2 begins sequence [03]/],
    [[[1], []], /sequence 1 has no tokens/],
    [[[1, -1]], /sequence 0: -1 is no token id/],
  ])('%j', (sequences, message) => {
    expect(() => TokenTrie.of(sequences)).toThrow(message);
  });
});

test('a node takes 64 bytes at most', () => {
  const ids = Array.from({ length: 5000 }, (_, i) => [
    i % 17,
    17 + (i % 23),
    40 + (i % 29),
    69 + i,
  ]);
  const trie = TokenTrie.of(ids);
  expect(trie.sizeBytes / trie.size).toBeLessThan(64);
});
