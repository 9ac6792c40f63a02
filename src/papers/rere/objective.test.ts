import { expect, test } from 'vitest';
import { groupRelativeAdvantages } from '../../advantages/index.ts';
import { parseConfig } from '../../config/index.ts';
import { grad, tensor } from '../../tensor/index.ts';
import { type GrpoOptionsInput, grpoOptions } from '../../trainers/config/index.ts';
import { presetOf } from '../../trainers/policy-gradient-batch.ts';
import { rereDefaults } from './train-by-reward.ts';

const float64 = { dtype: 'float64' } as const;
const beta = rereDefaults.beta;

/** Two completions of two and three tokens, with the rewards of a group of two, a hit and a wrong item. */
const logprobs = [
  [-0.5, -1.0],
  [-0.2, -0.7, -1.1],
];
const references = [
  [-0.6, -0.8],
  [-0.2, -0.9, -1.0],
];
const rewards = [1, -0.4];

// Mean 0.3; deviations ±0.7; unbiased std √(0.7² + 0.7²) = 0.7 √2; plus 1e-4.
const advantage = 0.7 / (0.7 * Math.SQRT2 + 1e-4);
const advantages = [advantage, -advantage];

/** k3 = e^(ref − lp) − (ref − lp) − 1 of a token. */
const k3 = (i: number, t: number) => {
  const d = references[i]![t]! - logprobs[i]![t]!;
  return Math.exp(d) - d - 1;
};
/** −[exp(lp − sg lp) A − β k3], where the ratio is 1. */
const perToken = logprobs.map((row, i) => row.map((_, t) => -(advantages[i]! - beta * k3(i, t))));
/** ∂/∂lp: −A − β (e^(ref − lp) − 1). */
const slopes = logprobs.map((row, i) =>
  row.map((lp, t) => -advantages[i]! - beta * (Math.exp(references[i]![t]! - lp) - 1)),
);
const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

const pad = (rows: readonly (readonly number[])[]) => rows.map((row) => [...row, 0].slice(0, 3));
const mask = [
  [1, 1, 0],
  [1, 1, 1],
];

/** Loss and ∂loss/∂logprobs of the options, [2, 3]. */
function evaluate(changes: GrpoOptionsInput = {}) {
  const { loss } = presetOf(parseConfig(grpoOptions, { ...rereDefaults, ...changes }));
  const variable = tensor(pad(logprobs), { ...float64, requiresGrad: true });
  const completionMask = tensor(mask, float64);
  const result = loss({
    logprobs: variable,
    referenceLogprobs: tensor(pad(references), float64),
    advantages: tensor(
      advantages.map((value) => [value, value, value]),
      float64,
    ),
    completionMask,
  });
  const [gradient] = grad(result.loss, [variable]);
  return { loss: result.loss.item(), gradient: gradient!.toArray() };
}

const expectClose = (found: readonly number[], expected: readonly number[]) => {
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 10);
};

test('advantages are rewards less their mean over the unbiased standard deviation plus 1e-4', () => {
  expectClose(groupRelativeAdvantages([rewards]).advantages[0]!, advantages);
});

test('a group without a hit has no advantage: its rewards are all 0', () => {
  expect(groupRelativeAdvantages([[0, 0, 0]]).advantages[0]!.map(Math.abs)).toEqual([0, 0, 0]);
});

test('grpo is the mean of completions’ means of the paper’s term', () => {
  const { loss, gradient } = evaluate();
  expect(loss).toBeCloseTo(mean(perToken.map(mean)), 10);
  expectClose(
    gradient,
    pad(slopes.map((row) => row.map((slope) => slope / row.length / 2))).flat(),
  );
});

test('dapo is the mean over the tokens of the batch', () => {
  const { loss, gradient } = evaluate({ lossType: 'dapo' });
  expect(loss).toBeCloseTo(mean(perToken.flat()), 10);
  expectClose(gradient, pad(slopes.map((row) => row.map((slope) => slope / 5))).flat());
});

test('gspo takes one ratio per completion, exp of the mean log-ratio, and the mean KL', () => {
  const { loss, gradient } = evaluate({ importanceSamplingLevel: 'sequence' });
  const bySequence = logprobs.map(
    (row, i) => -(advantages[i]! - beta * mean(row.map((_, t) => k3(i, t)))),
  );
  expect(loss).toBeCloseTo(mean(bySequence), 10);
  // ∂ exp(mean log-ratio) / ∂lp_t = 1/|o| on policy, so that each token has 1/|o| of −A.
  expectClose(
    gradient,
    pad(slopes.map((row) => row.map((slope) => slope / row.length / 2))).flat(),
  );
});

test('the reference moves by 0.6 every 512 steps, as the published options', () => {
  expect(rereDefaults).toMatchObject({
    syncRefModel: true,
    refModelSyncSteps: 512,
    refModelMixupAlpha: 0.6,
  });
});
