import { expect, test } from 'vitest';
import type { StudyRun } from '../study/runs.ts';
import { sums } from '../study/settings.ts';
import { accuracyCurve, deepestFall, finalAccuracy, hasCollapsed, partsOf } from './curves.ts';
import { efficiencies } from './efficiency.ts';

const step = (completions: number, accuracy: number) =>
  ({ completions, accuracy, rejected: 0 }) as StudyRun['steps'][number];

/** A run with parts of 100 completions, `perPart` steps in each. */
const runOf = (
  name: string,
  start: number,
  accuracies: readonly number[],
  perPart = 1,
): StudyRun => ({
  arm: { name, algorithm: 'grpo', regime: 'aggressive' },
  seed: 0,
  settings: {
    ...sums,
    regimes: { ...sums.regimes, conservative: { learningRate: 1, completionsPerStep: 100 } },
  },
  heldOut: [{ completions: 0, accuracy: start }],
  steps: accuracies.map((accuracy, i) => step(((i + 1) * 100) / perPart, accuracy)),
});

test('a part is the mean of its steps, the one that ends it among them', () => {
  const run = runOf('a', 0.5, [0.2, 0.4, 0.6, 1], 2);
  expect(partsOf(run, ({ accuracy }) => accuracy)).toEqual([
    { completions: 100, value: (0.2 + 0.4) / 2 },
    { completions: 200, value: (0.6 + 1) / 2 },
  ]);
});

test('a curve begins at the start and goes a quarter of the way to each part', () => {
  // 0.4 + (0.8 − 0.4)/4 = 0.5; 0.5 + (0.5 − 0.5)/4 = 0.5.
  const curve = accuracyCurve(runOf('a', 0.4, [0.8, 0.5])).map(({ accuracy }) => accuracy);
  for (const [i, expected] of [0.4, 0.5, 0.5].entries()) expect(curve[i]).toBeCloseTo(expected, 12);
});

test('a run has collapsed where it ends well below its start or below half of its peak', () => {
  expect(hasCollapsed(runOf('a', 0.6, [0.6, 0.6, 0.6, 0.45, 0.45, 0.45]))).toBe(true);
  expect(hasCollapsed(runOf('a', 0.6, [0.6, 0.6, 0.6, 0.55, 0.55, 0.55]))).toBe(false);
  // From 0.1 it rises to about 0.9 and ends at 0.2: above its start, below half of the peak.
  const risen = Array<number>(12).fill(0.9);
  expect(hasCollapsed(runOf('a', 0.1, [...risen, 0.2, 0.2, 0.2]))).toBe(true);
});

test('what a run lost and won again counts as its deepest fall', () => {
  // From 0.8: 0.6, then 0.7.
  expect(deepestFall(runOf('a', 0.8, [0, 1]))).toBeCloseTo(0.2, 12);
  expect(finalAccuracy(runOf('a', 0.8, [0, 0.5, 1]))).toBeCloseTo(0.5, 12);
});

test('the ratio of completions counts to where the conservative run ends; never is 0', () => {
  // The conservative run gets to its end at 800; the other reaches it with its first part, at 100.
  const conservative = runOf('grpo-conservative', 0, Array<number>(8).fill(0.2));
  const fast = runOf('capo', 0, [1, 1]);
  expect(efficiencies([conservative, fast], 'capo')[0]!.ratio).toBe(8);
  const never = runOf('capo', 0, [0.1, 0.1]);
  expect(efficiencies([conservative, never], 'capo')[0]!.ratio).toBe(0);
});
