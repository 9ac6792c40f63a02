import { expect, test } from 'vitest';
import { type Tensor, tensor } from '../tensor/index.ts';
import {
  finiteDifferences,
  type PairLoss,
  type PreferenceInputs,
  type PreferencePresetName,
  type PreferencePresetOptions,
  preferenceLoss,
  preferencePresets,
  readStatistics,
} from './index.ts';

const float64 = (values: number[][]) => tensor(values, { dtype: 'float64' });

// Two pairs; log-ratios by token are logprobs − referenceLogprobs.
const logprobs = [
  [-1, -2, -0.5],
  [-0.25, 0, 0],
  [-1.5, -0.5, 0],
  [-2, -1, -1],
];
const referenceLogprobs = [
  [-2, -2, -1],
  [-1.25, 0, 0],
  [-1, -0.5, 0],
  [-2.5, -1.5, -1],
];
const completionMask = [
  [1, 1, 1],
  [1, 0, 0],
  [1, 1, 0],
  [1, 1, 1],
];
// Sums of log-ratios: chosen 1.5 and 1, rejected −0.5 and 1, so Δ is 2 and 0. Lengths 3, 1 and 2, 3.
const inputs = (): PreferenceInputs => ({
  logprobs: float64(logprobs),
  referenceLogprobs: float64(referenceLogprobs),
  completionMask: float64(completionMask),
});

const only = (pairLoss: PairLoss, rewardScale = 0.1) =>
  preferenceLoss({ losses: [{ pairLoss, weight: 1 }], rewardScale });

const lossOf = (name: PreferencePresetName, options?: PreferencePresetOptions): number =>
  only(preferencePresets[name](options))(inputs()).loss.item();

const mean = (...values: number[]) => values.reduce((sum, value) => sum + value) / values.length;
const softplus = (x: number) => Math.log1p(Math.exp(x));

test('DPO is the logistic loss of the difference of log-ratios', () => {
  // −log σ(z) = log(1 + e^−z)
  expect(lossOf('sigmoid', { beta: 0.5 })).toBeCloseTo(mean(softplus(-1), softplus(0)), 12);
});

test('label smoothing mixes in the swapped labels', () => {
  const clean = mean(softplus(-1), softplus(0));
  const swapped = mean(softplus(1), softplus(0));
  const options = { beta: 0.5, labelSmoothing: 0.1 };
  expect(lossOf('sigmoid', options)).toBeCloseTo(0.9 * clean + 0.1 * swapped, 12);
  expect(lossOf('robust', options)).toBeCloseTo((0.9 * clean - 0.1 * swapped) / 0.8, 12);
});

test('length-normalised DPO compares average tokens', () => {
  // 1.5/3 − (−0.5)/2 = 0.75 and 1/1 − 1/3 = 2/3
  const expected = mean(softplus(-0.75), softplus(-2 / 3));
  expect(lossOf('sigmoid_norm', { beta: 1 })).toBeCloseTo(expected, 12);
});

test('TRL’s IPO averages over tokens, the paper’s sums', () => {
  expect(lossOf('ipo', { beta: 0.5 })).toBeCloseTo(mean((0.75 - 1) ** 2, (2 / 3 - 1) ** 2), 12);
  // (τΔ − ½)²: (1 − ½)² and (0 − ½)²
  expect(lossOf('ipo_paper', { beta: 0.5 })).toBeCloseTo(0.25, 12);
});

test('at one token both forms of IPO differ by τ²', () => {
  const one = {
    logprobs: float64([[-1], [-3]]),
    referenceLogprobs: float64([[-1.5], [-2]]),
    completionMask: float64([[1], [1]]),
  };
  const at = (name: PreferencePresetName) =>
    only(preferencePresets[name]({ beta: 0.3 }))(one).loss.item();
  expect(at('ipo_paper')).toBeCloseTo(0.3 ** 2 * at('ipo'), 12);
});

test('TRL’s hinge acts on rewards', () => {
  // max(0, 1 − Δ/2): 0 and 1
  expect(lossOf('hinge', { beta: 0.5 })).toBeCloseTo(mean(0, 1), 12);
  expect(lossOf('hinge', { beta: 2 })).toBeCloseTo(mean(0, 1), 12);
});

test('the paper’s hinge compares likelihoods of average tokens and holds the better to the reference', () => {
  // mean log-likelihoods: −3.5/3 and −0.25 against −1 and −4/3
  const ranking = mean(1 - (-3.5 / 3 + 1), Math.max(0, 1 - (-0.25 + 4 / 3)));
  // log(1 + exp(1 − log-ratio of the average token)), log-ratios 1.5/3 and 1
  const holding = mean(softplus(0.5), softplus(0));
  expect(lossOf('hinge_paper', { beta: 0.2 })).toBeCloseTo(ranking + 0.2 * holding, 12);
});

test('the likelihood terms: summed per completion, or averaged over all tokens', () => {
  expect(lossOf('nll')).toBeCloseTo(mean(3.5, 0.25), 12);
  expect(lossOf('sft')).toBeCloseTo(3.75 / 4, 12);
});

test('weights add up losses', () => {
  const { sigmoid, nll } = preferencePresets;
  const both = preferenceLoss({
    losses: [
      { pairLoss: sigmoid({ beta: 0.5 }), weight: 1 },
      { pairLoss: nll(), weight: 0.25 },
    ],
    rewardScale: 0.5,
  });
  const expected = mean(softplus(-1), softplus(0)) + 0.25 * mean(3.5, 0.25);
  expect(both(inputs()).loss.item()).toBeCloseTo(expected, 12);
});

test('metrics are TRL’s', () => {
  const { statistics } = only(preferencePresets.sigmoid(), 0.1)(inputs());
  const metrics = readStatistics([statistics]);
  expect(metrics['rewards/chosen']).toBeCloseTo(0.125, 12);
  expect(metrics['rewards/rejected']).toBeCloseTo(0.025, 12);
  expect(metrics['rewards/margins']).toBeCloseTo(0.1, 12);
  // The second pair's rewards are equal, which is not right.
  expect(metrics['rewards/accuracies']).toBe(0.5);
  expect(metrics['logps/chosen']).toBeCloseTo(-1.875, 12);
  expect(metrics['logps/rejected']).toBeCloseTo(-3, 12);
});

const names = Object.keys(preferencePresets) as PreferencePresetName[];

test.each(names)('%s: the gradient is that of finite differences, 0 outside the masks', (name) => {
  const loss = only(preferencePresets[name]({ beta: 0.4, labelSmoothing: 0.1 }));
  const value = (x: Tensor) => loss({ ...inputs(), logprobs: x }).loss;
  const leaf = tensor(logprobs, { dtype: 'float64', requiresGrad: true });
  value(leaf).backward();
  const slopes = finiteDifferences(value, float64(logprobs));
  expect(leaf.grad as Tensor).toBeAllClose(slopes, { rtol: 0, atol: 1e-8 });
  const outside = leaf.grad!.toArray().filter((_, i) => completionMask.flat()[i] === 0);
  expect(outside).toEqual(outside.map(() => 0));
});

test.each(names)('%s: halves of a batch add up to it', (name) => {
  const loss = only(preferencePresets[name]({ beta: 0.4 }));
  const rows = (values: number[][], pair: number) => float64([values[pair]!, values[pair + 2]!]);
  const halves = [0, 1].map((pair) =>
    loss(
      {
        logprobs: rows(logprobs, pair),
        referenceLogprobs: rows(referenceLogprobs, pair),
        completionMask: rows(completionMask, pair),
      },
      { pairs: 2, chosenTokens: 4 },
    ),
  );
  const whole = loss(inputs());
  const sum = halves.reduce((total, half) => total + half.loss.item(), 0);
  expect(sum).toBeCloseTo(whole.loss.item(), 12);
  const metrics = readStatistics(halves.map(({ statistics }) => statistics));
  const expected = Object.entries(readStatistics([whole.statistics]));
  for (const [key, value] of expected) {
    expect(metrics[key as keyof typeof metrics], key).toBeCloseTo(value, 12);
  }
});

test('what stands outside the masks is never read', () => {
  const broken = logprobs.map((row, i) => row.map((v, t) => (completionMask[i]![t] ? v : NaN)));
  const { loss } = only(preferencePresets.ipo())({ ...inputs(), logprobs: float64(broken) });
  expect(loss.item()).toBeCloseTo(lossOf('ipo'), 12);
});

test('shapes that differ are refused', () => {
  const short = { ...inputs(), referenceLogprobs: float64([[0], [0], [0], [0]]) };
  expect(() => only(preferencePresets.sigmoid())(short)).toThrow(/preferenceLoss/);
});
