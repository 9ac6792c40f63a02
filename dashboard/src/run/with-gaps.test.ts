import { expect, it } from 'vitest';
import { loggedSteps, withGaps } from './with-gaps.ts';

const series = (x: number[]) => ({ key: 'a', x, y: x.map((step) => step / 10), total: x.length });

it('breaks the line at a step that others have', () => {
  expect(withGaps(series([1, 2, 4]), [1, 2, 3, 4])).toMatchObject({
    x: [1, 2, 3, 4],
    y: [0.1, 0.2, null, 0.4],
  });
});

it('breaks it at the end too, and not before the first value', () => {
  expect(withGaps(series([3, 4, 5]), [1, 2, 3, 4, 5, 6]).y).toEqual([0.3, 0.4, 0.5, null]);
});

it('leaves alone what is logged now and then', () => {
  const evaluated = series([10, 20]);
  expect(withGaps(evaluated, [5, 10, 15, 20, 25, 30])).toBe(evaluated);
});

it('leaves alone what is whole, empty or merged', () => {
  for (const each of [
    series([1, 2, 3]),
    series([]),
    { ...series([1, 3]), min: [0, 0], max: [1, 1] },
  ])
    expect(withGaps(each, [1, 2, 3])).toBe(each);
});

it('takes the steps of the longest series', () => {
  const merged = { ...series([1, 2, 3, 4]), min: [], max: [] };
  expect(loggedSteps([series([1]), series([1, 2, 3]), merged])).toEqual([1, 2, 3]);
  expect(loggedSteps([])).toEqual([]);
});
