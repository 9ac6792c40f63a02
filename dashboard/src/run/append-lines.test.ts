import { expect, it } from 'vitest';
import { appendLines } from './append-lines.ts';

const line = (step: number, metrics: Record<string, number | null>) => ({ step, time: 0, metrics });
const series = { key: 'reward', x: [1, 2], y: [0.1, 0.2], total: 2 };

it('puts new lines behind what there is', () => {
  const grown = appendLines(series, [line(3, { reward: 0.3 }), line(4, { reward: 0.4 })]);
  expect(grown).toEqual({ key: 'reward', x: [1, 2, 3, 4], y: [0.1, 0.2, 0.3, 0.4], total: 4 });
});

it('passes over lines it has and lines of other metrics', () => {
  expect(appendLines(series, [line(2, { reward: 9 }), line(3, { loss: 1 })])).toBe(series);
});

it('keeps a gap where a value was not finite', () => {
  expect(appendLines(series, [line(3, { reward: null })]).y).toEqual([0.1, 0.2, null]);
});

it('gives merged points their edges', () => {
  const merged = { ...series, min: [0, 0], max: [1, 1] };
  expect(appendLines(merged, [line(3, { reward: 0.3 })])).toMatchObject({
    min: [0, 0, 0.3],
    max: [1, 1, 0.3],
  });
});

it('starts an empty series', () => {
  const empty = { key: 'reward', x: [], y: [], total: 0 };
  expect(appendLines(empty, [line(0, { reward: 1 })]).x).toEqual([0]);
});
