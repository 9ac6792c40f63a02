import { expect, test } from 'vitest';
import { type NestedNumbers, tensor } from '../tensor/index.ts';
import { extremeStatistic, readStatistics, sumStatistic, tokenStatistic } from './statistics.ts';

const float64 = (values: NestedNumbers) => tensor(values, { dtype: 'float64' });

test('means weigh by their counts, sums add, extremes are over all parts', () => {
  const part = (values: number[], mask: number[]) => ({
    entropy: tokenStatistic(float64([values]), float64([mask])),
    policy_loss: sumStatistic(float64(0.25)),
    'clip_ratio/low_min': extremeStatistic('min', float64(values)),
    'clip_ratio/high_max': extremeStatistic('max', float64(values)),
  });
  expect(readStatistics([part([1, 2, 9], [1, 1, 0]), part([6, 0, 0], [1, 0, 0])])).toEqual({
    entropy: (1 + 2 + 6) / 3,
    policy_loss: 0.5,
    'clip_ratio/low_min': 0,
    'clip_ratio/high_max': 9,
  });
});

test('a metric that only some parts report is combined from those', () => {
  const kl = tokenStatistic(float64([[2]]), float64([[1]]));
  const entropy = tokenStatistic(float64([[4]]), float64([[1]]));
  expect(readStatistics([{ kl }, { entropy }, {}])).toEqual({ kl: 2, entropy: 4 });
});

test('an extreme over no sequence is left out, and a mean over no token is 0', () => {
  const metrics = readStatistics([
    {
      'clip_ratio/low_min': extremeStatistic('min', float64([Infinity])),
      kl: tokenStatistic(float64([[5]]), float64([[0]])),
    },
  ]);
  expect(metrics).toEqual({ kl: 0 });
  expect(readStatistics([])).toEqual({});
});
