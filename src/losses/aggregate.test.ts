import { expect, test } from 'vitest';
import { type NestedNumbers, tensor } from '../tensor/index.ts';
import {
  type Aggregation,
  averageTokenMean,
  constantLength,
  sequenceMean,
  sequenceSum,
  tokenMean,
  tokenSum,
  totalsOf,
} from './aggregate.ts';

const float64 = (values: NestedNumbers) => tensor(values, { dtype: 'float64' });
const perToken = float64([
  [1, 2, 3],
  [4, 5, 6],
]);
const completionMask = float64([
  [1, 1, 0],
  [1, 0, 0],
]);

const cases: [string, Aggregation, number][] = [
  ['tokenSum', tokenSum, 1 + 2 + 4],
  ['tokenMean', tokenMean, 7 / 3],
  ['averageTokenMean of one update', averageTokenMean, 7 / 3],
  ['sequenceMean', sequenceMean, (3 / 2 + 4) / 2],
  ['sequenceSum', sequenceSum, 7 / 2],
  ['constantLength', constantLength(10), 7 / (2 * 10)],
];

test.each(cases)('%s by hand', (_, aggregate, expected) => {
  const totals = totalsOf(completionMask);
  expect(totals).toEqual({ sequences: 2, tokens: 3 });
  expect(aggregate(perToken, completionMask, totals).item()).toBeCloseTo(expected, 12);
});

test.each(cases)('%s: the parts of a split batch add up to the whole', (_, aggregate) => {
  const totals = { ...totalsOf(completionMask), averageTokens: 5 };
  const parts = [0, 1].map((row) =>
    aggregate(perToken.narrow(0, row, 1), completionMask.narrow(0, row, 1), totals).item(),
  );
  const whole = aggregate(perToken, completionMask, totals).item();
  expect((parts[0] as number) + (parts[1] as number)).toBeCloseTo(whole, 12);
});

test.each(cases)('%s of a batch without a trained token is 0', (_, aggregate) => {
  const nothing = completionMask.mul(0);
  expect(aggregate(perToken.mul(Number.NaN), nothing, totalsOf(nothing)).item()).toBe(0);
});

test('averageTokenMean divides by the tokens of an average update', () => {
  const totals = { sequences: 2, tokens: 3, averageTokens: 3.5 };
  expect(averageTokenMean(perToken, completionMask, totals).item()).toBeCloseTo(2, 12);
});

test('a mask may be bool or int64', () => {
  for (const dtype of ['bool', 'int64'] as const) {
    const mask = completionMask.to({ dtype });
    for (const [, aggregate] of cases) {
      const expected = aggregate(perToken, completionMask, totalsOf(completionMask));
      expect(aggregate(perToken, mask, totalsOf(mask))).toBeAllClose(expected);
    }
  }
});
