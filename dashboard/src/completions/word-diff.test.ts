import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sharedWords, wordDiff } from './word-diff.ts';

it('marks the words that differ', () => {
  expect(wordDiff('the cat sat', 'the dog sat')).toEqual([
    { kind: 'same', text: 'the ' },
    { kind: 'removed', text: 'cat' },
    { kind: 'added', text: 'dog' },
    { kind: 'same', text: ' sat' },
  ]);
});

it('keeps both texts whole', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), fc.string({ maxLength: 40 }), (before, after) => {
      const parts = wordDiff(before, after);
      const without = (kind: string) =>
        parts.map((part) => (part.kind === kind ? '' : part.text)).join('');
      expect(without('added')).toBe(before);
      expect(without('removed')).toBe(after);
    }),
  );
});

it('counts the words that both have', () => {
  // Two of three words on either side: 2·2 / (3 + 3).
  expect(sharedWords(wordDiff('the cat sat', 'the dog sat'))).toBeCloseTo(2 / 3, 12);
  expect(sharedWords(wordDiff('', ''))).toBe(1);
  expect(sharedWords(wordDiff('a', 'b'))).toBe(0);
});
