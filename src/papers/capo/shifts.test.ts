import { describe, expect, test } from 'vitest';
import { Generator, type Tensor, tensor } from '../../tensor/index.ts';
import { restrictToTop } from './last-layer.ts';
import { predictShifts } from './shifts.ts';
import { sgdStepModel } from './step-model.ts';
import { randomGradients, softmax } from './testing.ts';

const f64 = (values: number[] | number[][]): Tensor => tensor(values, { dtype: 'float64' });

const probabilities = softmax([0.4, -0.2, 1.1, 0.3]);
const [chosen, advantage] = [1, 0.7];
const step = [0.9, -0.4, 0.2, 1.3];
const residual = probabilities.map((p, i) => Number(i === chosen) - p);

const shiftsAt = (learningRate: number, u = step) => {
  const { objective, policy } = predictShifts(
    {
      probabilities: f64([probabilities]),
      residual: f64([residual]),
      advantages: f64([advantage]),
      logitStep: f64([u]),
    },
    learningRate,
  );
  return { objective: objective.item(), policy: policy.item() };
};

/** π after the logits moved by α u. */
const movedPolicy = (learningRate: number) =>
  softmax(probabilities.map((p, i) => Math.log(p) + learningRate * step[i]!));

const squareMean = (u: readonly number[]) => {
  const mean = u.reduce((sum, x, i) => sum + probabilities[i]! * x, 0);
  return u.reduce((sum, x, i) => sum + probabilities[i]! * x * x, 0) - mean ** 2;
};

test('m_H is the second-order expansion of A (π_{θ+Δ}(a) / π_θ(a) − 1): what is left falls with α³', () => {
  const leftAt = (alpha: number) => {
    const change = advantage * (movedPolicy(alpha)[chosen]! / probabilities[chosen]! - 1);
    return change - shiftsAt(alpha).objective;
  };
  expect(leftAt(2e-3) / leftAt(1e-3)).toBeCloseTo(8, 1);
  expect(Math.abs(leftAt(1e-2))).toBeLessThan(1e-6);
});

test('½ uᵀF u is the KL to second order, and m_F its estimate: their means over sampled tokens are equal', () => {
  const alpha = 1e-3;
  const after = movedPolicy(alpha);
  const kl = probabilities.reduce((sum, p, i) => sum + p * Math.log(p / after[i]!), 0);
  expect((0.5 * alpha ** 2 * squareMean(step)) / kl).toBeCloseTo(1, 2);
  const estimates = probabilities.map((_, a) => {
    const v = probabilities.map((p, i) => Number(i === a) - p);
    return 0.5 * (alpha * v.reduce((sum, x, i) => sum + x * step[i]!, 0)) ** 2;
  });
  const mean = estimates.reduce((sum, m, a) => sum + probabilities[a]! * m, 0);
  expect(mean / (0.5 * alpha ** 2 * squareMean(step))).toBeCloseTo(1, 12);
});

test('⟨G, Ĝ⟩ is A vᵀu: the slope of m_H, with G and Ĝ formed', () => {
  const { gradients, advantages, residuals, distributions } = randomGradients(new Generator(5), {
    tokens: 3,
    top: 4,
    width: 6,
    vocabSize: 9,
  });
  const { objective } = predictShifts(
    {
      probabilities: distributions,
      residual: residuals,
      advantages,
      logitStep: sgdStepModel().logitStep(gradients),
    },
    1e-8,
  );
  // SGD: ⟨G, G⟩ = A² |v|² |h|².
  const [v, h] = [residuals, gradients.states].map((x) => x.square().sum(-1));
  const expected = advantages.square().mul(v!).mul(h!).mul(1e-8);
  expect(objective.sub(expected).abs().max().item()).toBeLessThan(1e-14);
});

test('an advantage of 0 leaves the objective alone whatever the step is', () => {
  const { objective, policy } = predictShifts(
    {
      probabilities: f64([probabilities]),
      residual: f64([residual]),
      advantages: f64([0]),
      logitStep: f64([step]),
    },
    0.1,
  );
  expect(Math.abs(objective.item())).toBe(0);
  expect(policy.item()).toBeGreaterThan(0);
});

test('shapes that differ throw', () => {
  const two = f64([[0.5, 0.5]]);
  expect(() =>
    predictShifts(
      { probabilities: two, residual: two, advantages: f64([1, 2]), logitStep: two },
      1,
    ),
  ).toThrow(/predictShifts: shapes differ/);
});

describe('the top tokens', () => {
  const ids = tensor([[3, 1, 2]], { dtype: 'int64' });
  const logprobs = f64([[-0.5, -1.5, -2]]);
  const at = (sampled: number, sampledLogprob: number) =>
    restrictToTop({
      ids,
      logprobs,
      sampled: tensor([sampled], { dtype: 'int64' }),
      sampledLogprobs: f64([sampledLogprob]),
    });

  test('are renormalised, and the residual is e_a − π', () => {
    const { probabilities: pi, residual: v, ids: kept } = at(1, -1.5);
    const expected = softmax([-0.5, -1.5, -2]);
    expect(kept.toArray()).toEqual([3, 1, 2]);
    expect(pi.toArray()).toEqual(expected.map((p) => expect.closeTo(p, 12)));
    expect(v.toArray()).toEqual(expected.map((p, i) => expect.closeTo(Number(i === 1) - p, 12)));
  });

  test('take in a sampled token from outside in place of the least likely', () => {
    const { probabilities: pi, ids: kept } = at(7, -4);
    expect(kept.toArray()).toEqual([3, 1, 7]);
    expect(pi.toArray()).toEqual(softmax([-0.5, -1.5, -4]).map((p) => expect.closeTo(p, 12)));
  });
});
