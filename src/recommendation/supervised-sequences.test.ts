import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tinyData } from '../../test/support/tiny-catalogue.ts';
import { keptLength, keptSet } from '../batches/index.ts';
import { DataError } from '../errors.ts';
import {
  allowedAlong,
  type ItemLanguage,
  semanticLanguage,
  sequenceWindows,
  supervisedSequences,
  trainQuestions,
} from './index.ts';

const sequence = (length: number, firstTarget = 1) => ({
  items: Array.from({ length }, (_, place) => 100 + place),
  firstTarget,
});

test('a sequence that fits is one window', () => {
  expect(sequenceWindows(sequence(4), 3)).toEqual([
    { items: [100, 101, 102, 103], firstTarget: 1 },
  ]);
});

test('a longer one is cut so that each target has half of the history or more', () => {
  // maxHistory 4: windows of 5 items, at least 2 of history. Targets 1 to 4, then 5 to 7 after 2 and more, then 8.
  expect(sequenceWindows(sequence(9), 4)).toEqual([
    { items: [100, 101, 102, 103, 104], firstTarget: 1 },
    { items: [103, 104, 105, 106, 107], firstTarget: 2 },
    { items: [104, 105, 106, 107, 108], firstTarget: 4 },
  ]);
});

test('any sequence: every target once, with at least half of the history that there may be', () => {
  const cases = fc
    .record({
      length: fc.integer({ min: 0, max: 60 }),
      maxHistory: fc.integer({ min: 1, max: 20 }),
    })
    .chain(({ length, maxHistory }) =>
      fc.record({
        length: fc.constant(length),
        maxHistory: fc.constant(maxHistory),
        firstTarget: fc.integer({ min: 1, max: Math.max(1, length) }),
      }),
    );
  fc.assert(
    fc.property(cases, ({ length, maxHistory, firstTarget }) => {
      const learned = sequenceWindows(sequence(length, firstTarget), maxHistory).flatMap(
        ({ items, firstTarget: first }) => {
          expect(items.length).toBeLessThanOrEqual(maxHistory + 1);
          return items.slice(first).map((item, k) => {
            const place = item - 100;
            expect(items.slice(0, first + k)).toEqual(
              Array.from({ length: first + k }, (_, j) => item - (first + k) + j),
            );
            expect(first + k).toBeGreaterThanOrEqual(Math.min(place, Math.ceil(maxHistory / 2)));
            return place;
          });
        },
      );
      const targets = Array.from(
        { length: Math.max(0, length - firstTarget) },
        (_, k) => firstTarget + k,
      );
      expect(learned).toEqual(targets);
    }),
  );
});

test('a window is one row of tokens, learned from its first target on', () => {
  const language = semanticLanguage(tinyData, { maxHistory: 3 });
  const train = [{ user: 'u', items: [0, 3, 2], firstTarget: 2 }];
  const [row, ...others] = supervisedSequences({ train }, language);
  expect(others).toEqual([]);
  const items = [0, 3, 2].flatMap((item) => language.tokensOf(item));
  expect(row).toEqual({
    example: { index: 0, columns: { user: 'u' } },
    tokens: [...language.promptOf([]), ...items],
    // The beginning and two items of two tokens each are read; the last item is learned.
    mask: [0, 0, 0, 0, 0, 1, 1],
  });
});

test('under a constraint each learned token has the set that it was one of', () => {
  const language = semanticLanguage(tinyData, { maxHistory: 3, distribution: 'constrained' });
  const train = [{ user: 'u', items: [0, 3, 2], firstTarget: 1 }];
  const [row] = supervisedSequences({ train }, language);
  const kept = row!.keptTokens!;
  const sets = Array.from({ length: keptLength(kept) }, (_, t) => [...keptSet(kept, t)]);
  // Ids of words: <a_1> 3, <a_2> 4, <a_10> 5, <b_0> 6, <b_1> 7, <b_10> 8. Items: <a_2> <b_0>, then <a_1> <b_10>.
  expect(sets).toEqual([[3, 4, 5], [6], [3, 4, 5], [6, 7, 8]]);
});

test('tokens that are no items of the trie are an error', () => {
  const { trie } = semanticLanguage(tinyData, { maxHistory: 3 });
  expect(() => allowedAlong(trie, [4, 7])).toThrow(/\[4, 7\] are not the tokens of items/);
});

test('a language whose questions end with words of their own has a row for each target', () => {
  const plain = semanticLanguage(tinyData, { maxHistory: 3 });
  const asking: ItemLanguage = { ...plain, promptOf: (history) => [...plain.promptOf(history), 2] };
  const train = [{ user: 'u', items: [0, 3, 2], firstTarget: 1 }];
  const rows = supervisedSequences({ train }, asking);
  expect(rows.map(({ tokens }) => tokens)).toEqual(
    [[0], [0, 3]].map((history, k) => [...asking.promptOf(history), ...plain.tokensOf([3, 2][k]!)]),
  );
  for (const { mask } of rows) expect(mask.filter(Boolean)).toHaveLength(2);
});

test('what cannot be written is neither read nor learned, and nothing to learn is an error', () => {
  const items = tinyData.items.map((item, place) =>
    place === 3 ? { ...item, semanticId: undefined } : item,
  );
  const language = semanticLanguage(
    { ...tinyData, items },
    { maxHistory: 3, missing: 'leave-out' },
  );
  const train = [{ user: 'u', items: [0, 3, 2], firstTarget: 1 }];
  const [row] = supervisedSequences({ train }, language);
  expect(row!.tokens).toEqual([...language.promptOf([0]), ...language.tokensOf(2)]);
  const nothing = [{ user: 'u', items: [0, 3], firstTarget: 1 }];
  expect(() => supervisedSequences({ train: nothing }, language)).toThrow(DataError);
});

test('long histories lose whole items, the oldest first', () => {
  const language = semanticLanguage(tinyData, { maxHistory: 2 });
  const train = [{ user: 'u', items: [0, 1, 2, 3, 4], firstTarget: 4 }];
  const [question] = trainQuestions({ train }, language.maxHistory);
  expect(question).toEqual({ user: 'u', history: [2, 3], target: 4 });
  expect(language.promptOf([0, 1, 2, 3])).toEqual([
    ...language.promptOf([]),
    ...language.tokensOf(2),
    ...language.tokensOf(3),
  ]);
});

test('equal histories with different answers stay two questions', () => {
  const train = [
    { user: 'u', items: [0, 1, 2], firstTarget: 2 },
    { user: 'v', items: [0, 1, 3], firstTarget: 2 },
  ];
  expect(trainQuestions({ train }, 5).map(({ target }) => target)).toEqual([2, 3]);
});
