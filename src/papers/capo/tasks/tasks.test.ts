import { expect, test } from 'vitest';
import { randomIntegers } from '../../../data/index.ts';
import { type ChainTask, drawProblems } from './chain-task.ts';
import { countdownTask } from './countdown.ts';
import { sumsTask } from './sums.ts';

const tasks: [string, ChainTask][] = [
  ['sums', sumsTask({ terms: 6, largest: 9 })],
  ['sums of larger numbers', sumsTask({ terms: 4, largest: 99 })],
  ['countdown', countdownTask({ numbers: 4, largest: 9 })],
];
const drawn = (task: ChainTask, heldOut: boolean) =>
  drawProblems(task, 200, randomIntegers(3n), { heldOut });

test.each(tasks)('%s: written solutions are right, fit, and use the alphabet alone', (_, task) => {
  for (const { prompt, solution, columns } of drawn(task, false)) {
    expect(task.check(solution, columns)).toBe(1);
    expect(solution.length).toBeLessThanOrEqual(task.maxCompletionLength);
    for (const character of prompt + solution) expect(task.alphabet).toContain(character);
  }
});

test.each(tasks)('%s: no held-out problem occurs in training', (_, task) => {
  const practised = new Set(drawn(task, false).map(({ prompt }) => prompt));
  for (const { prompt } of drawn(task, true)) expect(practised.has(prompt)).toBe(false);
});

test('of a sum only the last result counts', () => {
  const { check } = sumsTask({ terms: 4, largest: 9 });
  const columns = { answer: '18' };
  expect(check('b+5=12c-3=9d+9=18', columns)).toBe(1);
  expect(check('18', columns)).toBe(1);
  expect(check('b+5=12c-3=8d+9=17', columns)).toBe(0);
  expect(check('b+5=12c-3=9d+9=18e', columns)).toBe(0);
  expect(check('', columns)).toBe(0);
});

test('in Countdown every step is checked, in any order, and every number is used once', () => {
  const { check } = countdownTask({ numbers: 3, largest: 9 });
  const columns = { given: '3,8,9', target: '14' };
  expect(check('8-3=5;5+9=14', columns)).toBe(1);
  expect(check('8+9=17;17-3=14', columns)).toBe(1);
  // A wrong step, a number that is not there, one left over, one used twice, no chain.
  for (const wrong of ['8-3=6;6+9=14', '8+6=14', '8+9=17', '9+9=18;18-4=14', '', '14'])
    expect(check(wrong, columns)).toBe(0);
});
