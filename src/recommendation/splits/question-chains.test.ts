import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chainQuestions, trainFromHistories } from './question-chains.ts';

test('questions that go on from one another make one sequence', () => {
  const questions = [
    { user: 'a', history: [1, 2], target: 3 },
    { user: 'b', history: [5], target: 6 },
    { user: 'a', history: [1, 2, 3], target: 4 },
    // Cut to the longest history of the file, three.
    { user: 'a', history: [2, 3, 4], target: 9 },
  ];
  expect(chainQuestions(questions)).toEqual([
    { user: 'a', items: [1, 2, 3, 4, 9], firstTarget: 2 },
    { user: 'b', items: [5, 6], firstTarget: 1 },
  ]);
});

test('a history that does not go on from the one before begins another sequence', () => {
  const questions = [
    { user: 'a', history: [1, 2], target: 3 },
    { user: 'a', history: [7], target: 3 },
    { user: 'a', history: [3], target: 4 },
  ];
  expect(chainQuestions(questions).map(({ items }) => items)).toEqual([
    [1, 2, 3],
    [7, 3],
    [3, 4],
  ]);
});

const users = fc.array(fc.array(fc.nat(3), { minLength: 2, maxLength: 9 }), { maxLength: 4 });

test('the questions of all prefixes, histories cut or not, chain back to what the users took', () => {
  fc.assert(
    fc.property(users, fc.integer({ min: 1, max: 4 }), (all, cut) => {
      const questions = all.flatMap((items, user) =>
        items.slice(1).map((target, index) => ({
          user: `u${user}`,
          history: items.slice(Math.max(0, index + 1 - cut), index + 1),
          target,
        })),
      );
      expect(chainQuestions(questions)).toEqual(
        all.map((items, user) => ({ user: `u${user}`, items, firstTarget: 1 })),
      );
    }),
  );
});

test('train from histories has no event whose item is a target of its user in valid or test', () => {
  const valid = [
    { user: 'a', history: [1, 9, 2], target: 3 },
    { user: 'a', history: [1, 9, 2, 3], target: 4 },
    { user: 'b', history: [3, 5], target: 5 },
    { user: 'c', history: [6], target: 6 },
  ];
  const last = [{ user: 'a', history: [1, 9, 2, 3, 4], target: 9 }];
  // Of a stay 1 and 2: 3 and 4 are asked for in valid, 9 in test. Item 3 is b's, of whom 5 is asked. Of c nothing stays.
  expect(trainFromHistories(valid, last)).toEqual([
    { user: 'a', items: [1, 2], firstTarget: 1 },
    { user: 'b', items: [3], firstTarget: 1 },
  ]);
});
