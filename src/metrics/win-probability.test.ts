import fc from 'fast-check';
import { expect, test } from 'vitest';
import { winProbability } from './win-probability.ts';

test('rewards that differ by ln 3 win three times of four', () => {
  expect(winProbability([[Math.log(3)]], [[0]])).toBeCloseTo(3 / 4, 12);
  // Prompts weigh the same, however many pairs they have: (3/4 + (1/2 + 1/4)/2) / 2.
  expect(winProbability([[Math.log(3)], [0]], [[0], [0, Math.log(3)]])).toBeCloseTo(0.5625, 12);
});

test('missing rewards count nothing', () => {
  expect(winProbability([[null, 0], [1], [null]], [[0], [null], [2]])).toBe(0.5);
  expect(winProbability([[null]], [[1]])).toBeNull();
  expect(winProbability([], [])).toBeNull();
});

test('far apart rewards win or lose for certain, without overflow', () => {
  expect(winProbability([[1e4]], [[-1e4]])).toBe(1);
  expect(winProbability([[-1e4]], [[1e4]])).toBe(0);
});

test('both sides’ chances add up to 1', () => {
  const rewards = fc.array(fc.double({ min: -20, max: 20, noNaN: true }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(rewards, rewards), { minLength: 1, maxLength: 5 }), (prompts) => {
      const [left, right] = [prompts.map(([a]) => a), prompts.map(([, b]) => b)];
      expect(winProbability(left, right)! + winProbability(right, left)!).toBeCloseTo(1, 9);
    }),
  );
});
