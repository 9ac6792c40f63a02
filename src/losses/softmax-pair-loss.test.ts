import fc from 'fast-check';
import { expect, test } from 'vitest';
import '../../test/matchers.ts';
import { type Tensor, tensor } from '../tensor/index.ts';
import {
  finiteDifferences,
  type PreferenceInputs,
  preferenceLoss,
  preferencePresets,
  readStatistics,
} from './index.ts';

const float64 = (values: number[][]) => tensor(values, { dtype: 'float64' });

const lossOf = (name: 'softmax' | 'sigmoid', beta: number) =>
  preferenceLoss({
    losses: [{ pairLoss: preferencePresets[name]({ beta }), weight: 1 }],
    rewardScale: beta,
  });

/** One token each, and a reference of 0, so that a log-probability is its completion's log-ratio. */
const inputsOf = (logRatios: number[], rejectedPerChosen: number): PreferenceInputs => ({
  logprobs: float64(logRatios.map((value) => [value])),
  referenceLogprobs: float64(logRatios.map(() => [0])),
  completionMask: float64(logRatios.map(() => [1])),
  rejectedPerChosen,
});

// Two pairs with two worse completions each: rows are chosen 0, chosen 1, then a worse of each, then another of each.
const logRatios = [-1, -2, -3, -1, -1.5, -2.5];

test('the loss is minus log σ of minus the log-sum of the worse completions’ advantages', () => {
  const one = (chosen: number, rejected: number[]) => {
    const sum = rejected.reduce((all, value) => all + Math.exp(0.5 * (value - chosen)), 0);
    return -Math.log(1 / (1 + Math.exp(Math.log(sum))));
  };
  const expected = (one(-1, [-3, -1.5]) + one(-2, [-1, -2.5])) / 2;
  const { loss } = lossOf('softmax', 0.5)(inputsOf(logRatios, 2));
  expect(loss.item()).toBeCloseTo(expected, 12);
});

test('it is the cross-entropy of a softmax over all completions of a pair', () => {
  // −log σ(−log Σ e^(β(ρ_l − ρ_w))) = log(1 + Σ e^(β(ρ_l − ρ_w))) = −log[e^βρ_w / Σ_all e^βρ]
  const ratios = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), {
    minLength: 2,
    maxLength: 7,
  });
  fc.assert(
    fc.property(ratios, fc.double({ min: 0.01, max: 3, noNaN: true }), (values, beta) => {
      const { loss } = lossOf('softmax', beta)(inputsOf(values, values.length - 1));
      const whole = values.reduce((sum, value) => sum + Math.exp(beta * value), 0);
      expect(loss.item()).toBeCloseTo(-Math.log(Math.exp(beta * values[0]!) / whole), 9);
    }),
    { numRuns: 40 },
  );
});

test('with one worse completion it is DPO exactly', () => {
  const value = fc.double({ min: -20, max: 20, noNaN: true });
  fc.assert(
    fc.property(value, value, fc.double({ min: 0.01, max: 5, noNaN: true }), (a, b, beta) => {
      const [softmax, dpo] = (['softmax', 'sigmoid'] as const).map((name) =>
        lossOf(name, beta)(inputsOf([a, b], 1)).loss.item(),
      );
      expect(softmax).toBe(dpo);
    }),
    { numRuns: 40 },
  );
});

test('its gradient is that of finite differences', () => {
  const objective = (logprobs: Tensor): Tensor =>
    lossOf('softmax', 0.7)({ ...inputsOf(logRatios, 2), logprobs }).loss;
  const leaf = inputsOf(logRatios, 2).logprobs.requireGrad();
  objective(leaf).backward();
  expect(leaf.grad!).toBeAllClose(finiteDifferences(objective, leaf), { rtol: 1e-6, atol: 1e-9 });
});

test('figures count every worse completion once', () => {
  const { statistics } = lossOf('softmax', 1)(inputsOf(logRatios, 2));
  const figures = readStatistics([statistics]);
  // Margins: −1+3, −1+1.5, −2+1, −2+2.5; three of four are above 0.
  expect(figures['rewards/margins']).toBeCloseTo((2 + 0.5 - 1 + 0.5) / 4, 12);
  expect(figures['rewards/accuracies']).toBeCloseTo(3 / 4, 12);
  expect(figures['logps/rejected']).toBeCloseTo((-3 - 1 - 1.5 - 2.5) / 4, 12);
});

test('a loss of pairs refuses several worse completions, and says which takes them', () => {
  expect(() => lossOf('sigmoid', 1)(inputsOf(logRatios, 2))).toThrow(
    /found 2; use softmaxPairLoss/,
  );
});

test('rows that make no whole pairs are refused', () => {
  expect(() => lossOf('softmax', 1)(inputsOf(logRatios, 3))).toThrow(
    /multiple of 1 \+ 3 rows.*found 6/,
  );
});
