import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ShapeError } from '../errors.ts';
import { type Tensor, tensor } from '../tensor/index.ts';
import { bradleyTerryLoss, finiteDifferences, readStatistics } from './index.ts';

const float64 = (values: number[]) => tensor(values, { dtype: 'float64' });
const softplus = (x: number) => Math.log1p(Math.exp(x));

// Two pairs: the first leads by 2, the second is behind by 1.
const rewards = [1.5, 0, -0.5, 1];
const margins = [0.5, 0];

test('the loss is the mean of −log σ of the lead', () => {
  // −log σ(z) = log(1 + e^−z)
  const { loss } = bradleyTerryLoss({ rewards: float64(rewards) });
  expect(loss.item()).toBeCloseTo((softplus(-2) + softplus(1)) / 2, 12);
});

test('a margin is taken off the lead', () => {
  const { loss } = bradleyTerryLoss({ rewards: float64(rewards), margins: float64(margins) });
  expect(loss.item()).toBeCloseTo((softplus(-1.5) + softplus(1)) / 2, 12);
});

test('centring adds the mean square of the pairs’ sums', () => {
  const at = (centerCoefficient: number) =>
    bradleyTerryLoss({ rewards: float64(rewards) }, { centerCoefficient }).loss.item();
  // (1.5 − 0.5)² and (0 + 1)²
  expect(at(0.25) - at(0)).toBeCloseTo(0.25, 12);
});

test('equal rewards are a coin’s toss, and no preference is right', () => {
  const { loss, statistics } = bradleyTerryLoss({ rewards: float64([3, 3]) });
  expect(loss.item()).toBeCloseTo(Math.LN2, 12);
  expect(readStatistics([statistics])).toMatchObject({ accuracy: 0, margin: 0 });
});

test('the gradient is that of finite differences', () => {
  const given = { margins: float64(margins) };
  const options = { centerCoefficient: 0.1 };
  const of = (x: Tensor) => bradleyTerryLoss({ rewards: x, ...given }, options).loss;
  const leaf = float64(rewards).requireGrad();
  of(leaf).backward();
  const expected = finiteDifferences(of, float64(rewards));
  expect(leaf.grad as Tensor).toBeAllClose(expected, { rtol: 0, atol: 1e-9 });
});

test('micro-batches divided by the pairs of all add up to the whole batch', () => {
  const part = (pair: number) =>
    bradleyTerryLoss({ rewards: float64([rewards[pair]!, rewards[pair + 2]!]) }, { pairs: 2 });
  const whole = bradleyTerryLoss({ rewards: float64(rewards) });
  expect(part(0).loss.item() + part(1).loss.item()).toBeCloseTo(whole.loss.item(), 12);
  const together = readStatistics([part(0).statistics, part(1).statistics]);
  expect(together).toEqual(readStatistics([whole.statistics]));
  expect(together).toEqual({
    min_reward: -0.5,
    mean_reward: 0.5,
    max_reward: 1.5,
    accuracy: 0.5,
    margin: 0.5,
  });
});

test('rewards that are no pairs, and margins of another number, are refused', () => {
  expect(() => bradleyTerryLoss({ rewards: float64([1, 2, 3]) })).toThrow(ShapeError);
  const tooMany = { rewards: float64(rewards), margins: float64([1, 2, 3]) };
  expect(() => bradleyTerryLoss(tooMany)).toThrow(ShapeError);
});

interface Golden {
  versions: { trl: string };
  rewards: number[];
  cases: {
    name: string;
    center: number | null;
    margins: number[] | null;
    loss: number;
    gradient: number[];
    metrics: Record<string, number>;
  }[];
}
const file = new URL('../../test/golden/reward/losses.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden;

test.each(golden.cases)(
  '$name: loss, gradient and metrics are those of TRL 1.13',
  ({ center, margins: given, loss, gradient, metrics }) => {
    const leaf = float64(golden.rewards).requireGrad();
    const result = bradleyTerryLoss(
      { rewards: leaf, margins: given === null ? undefined : float64(given) },
      { centerCoefficient: center ?? 0 },
    );
    result.loss.backward();
    expect(result.loss.item()).toBeAllClose(loss, { rtol: 0, atol: 1e-12 });
    expect(leaf.grad as Tensor).toBeAllClose(gradient, { rtol: 0, atol: 1e-12 });
    const found = readStatistics([result.statistics]);
    expect(Object.keys(found).sort()).toEqual(Object.keys(metrics).sort());
    // TRL counts right pairs in float32.
    for (const [metric, value] of Object.entries(metrics))
      expect(found[metric as keyof typeof found], metric).toBeCloseTo(value, 7);
  },
);
