import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomIntegers } from '../data/index.ts';
import { distinctNgrams, expectedDistinct } from './distinct-ngrams.ts';

test('distinct n-grams by hand: a a b and a b', () => {
  const found = distinctNgrams(
    [
      [0, 0, 1],
      [0, 1],
    ],
    { vocabularySize: 4, longest: 3 },
  );
  // n = 1: {a, b} of 5; n = 2: {aa, ab} of 3, since none reaches over the border; n = 3: {aab} of 1.
  expect(found.distinct).toBeCloseTo((2 / 5 + 2 / 3 + 1) / 3, 12);
  // E₁ = 4 (1 − (3/4)⁵), E₂ = 16 (1 − (15/16)³), E₃ = 64 (1 − 63/64) = 1.
  const [first, second] = [4 * (1 - 0.75 ** 5), 16 * (1 - (15 / 16) ** 3)];
  expect(found.adjusted).toBeCloseTo((2 / first + 2 / second + 1) / 3, 12);
  // The same with 4 outcomes for every n: 4 (1 − (3/4)³) and 4 (1 − 3/4) = 1.
  expect(found.adjustedByVocabulary).toBeCloseTo(
    (2 / first + 2 / (4 * (1 - 0.75 ** 3)) + 1) / 3,
    12,
  );
  expect(found.tokens).toBe(5);
});

test('a budget counts the same number of tokens of shorter and longer texts', () => {
  const options = { vocabularySize: 9, longest: 2, tokenBudget: 4 };
  const found = distinctNgrams([[1, 2, 3], [4, 5, 6, 7], [8]], options);
  // [1 2 3] and [4]: 4 of 4 and 2 of 2.
  expect(found).toMatchObject({ distinct: 1, tokens: 4 });
  expect(distinctNgrams([[1, 2, 3], [4]], options)).toEqual(found);
});

test('no text, and empty ones, have no diversity', () => {
  const nothing = { distinct: null, adjusted: null, adjustedByVocabulary: null, tokens: 0 };
  expect(distinctNgrams([], { vocabularySize: 9 })).toEqual(nothing);
  expect(distinctNgrams([[], []], { vocabularySize: 9 })).toEqual(nothing);
});

test('orders without an n-gram are left out of the mean', () => {
  expect(distinctNgrams([[1, 2]], { vocabularySize: 9 }).distinct).toBe(1);
});

test('random text has an adjusted diversity near 1, and by the vocabulary far above on a small one', () => {
  const next = randomIntegers(5n);
  const text = Array.from({ length: 20_000 }, () => next(259));
  const { adjusted, adjustedByVocabulary } = distinctNgrams([text], { vocabularySize: 259 });
  expect(adjusted).toBeGreaterThan(0.98);
  expect(adjusted).toBeLessThan(1.02);
  // For n > 1 nearly all of 20,000 n-grams differ, and 259 outcomes are all expected: about 20,000 / 259 = 77.
  expect(adjustedByVocabulary).toBeGreaterThan(50);
});

test('the expected count is exact where it can be computed plainly, and C where outcomes are without number', () => {
  for (const [outcomes, draws] of [
    [2, 1],
    [4, 3],
    [259, 1000],
  ] as const)
    expect(expectedDistinct(outcomes, draws)).toBeCloseTo(
      outcomes * (1 - ((outcomes - 1) / outcomes) ** draws),
      9,
    );
  expect(expectedDistinct(150_000 ** 5, 12_345)).toBeCloseTo(12_345, 6);
});

test('renaming the tokens changes nothing, and repeating a text lowers diversity', () => {
  const texts = fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 9 }), {
    minLength: 1,
    maxLength: 5,
  });
  const options = { vocabularySize: 6 };
  fc.assert(
    fc.property(texts, (some) => {
      const found = distinctNgrams(some, options);
      const renamed = some.map((text) => text.map((token) => 5 - token));
      expect(distinctNgrams(renamed, options)).toEqual(found);
      expect(distinctNgrams([...some, ...some], options).distinct).toBeCloseTo(
        found.distinct! / 2,
        12,
      );
    }),
  );
});
