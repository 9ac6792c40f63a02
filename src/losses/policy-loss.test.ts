import { expect, test } from 'vitest';
import { ConfigError, ShapeError } from '../errors.ts';
import { Generator, rand, randn, type Tensor, tensor, where } from '../tensor/index.ts';
import {
  type Aggregation,
  constantLength,
  sequenceMean,
  sequenceSum,
  tokenMean,
  totalsOf,
} from './aggregate.ts';
import { finiteDifferences } from './finite-differences.ts';
import type { PolicyLossInputs } from './policy-loss.ts';
import {
  bnpo,
  cispo,
  dapo,
  drGrpo,
  grpo,
  gspo,
  type PolicyPreset,
  presets,
  reinforce,
  rloo,
  sapo,
} from './presets.ts';
import { readStatistics } from './statistics.ts';

const [B, T] = [8, 6];
const generator = new Generator(5);
const float64 = { dtype: 'float64' } as const;
const normal = (...shape: number[]) => randn(shape, generator, float64);

/** Lengths differ and one sequence trains nothing. */
const completionMask = tensor(
  [6, 1, 3, 0, 5, 2, 4, 6].map((length) =>
    Array.from({ length: T }, (_, t) => (t < length ? 1 : 0)),
  ),
  float64,
);
const oldLogprobs = normal(B, T).abs().neg();
const inputs = {
  logprobs: oldLogprobs.add(normal(B, T).mul(0.3)),
  oldLogprobs,
  referenceLogprobs: oldLogprobs.add(normal(B, T).mul(0.3)),
  advantages: normal(B, 1).expand([B, T]).contiguous(),
  completionMask,
  entropy: rand([B, T], generator, float64),
} satisfies PolicyLossInputs;

const everything = { klCoefficient: 0.1, entropyCoefficient: 0.05 };

interface Composition {
  preset: PolicyPreset;
  /** The aggregation under which the preset's gradient on policy is that of −A log π. */
  aggregate: Aggregation;
  /** Which of the properties below do not hold, and why not. */
  not?: { smooth?: string; smoothInEntropy?: string; splittable?: string; onPolicy?: string };
}

const compositions: Record<string, Composition> = {
  grpo: { preset: grpo(everything), aggregate: sequenceMean },
  'grpo with k1': {
    preset: grpo({ ...everything, klEstimator: 'k1' }),
    aggregate: sequenceMean,
    not: { onPolicy: 'k1 has a gradient at π_θ = π_ref, of mean 0' },
  },
  'grpo with k2': { preset: grpo({ ...everything, klEstimator: 'k2' }), aggregate: sequenceMean },
  'grpo with ratio-weighted KL': {
    preset: grpo({ ...everything, klWeighting: 'ratio' }),
    aggregate: sequenceMean,
  },
  'grpo with a ceiling': {
    preset: grpo({ ...everything, ratioCeiling: 1.3 }),
    aggregate: sequenceMean,
  },
  'grpo of high-entropy tokens': {
    preset: grpo({ ...everything, topEntropyShare: 0.5 }),
    aggregate: sequenceMean,
    not: {
      smoothInEntropy: 'entropies choose the tokens',
      splittable: 'the quantile is that of the micro-batch',
      onPolicy: 'the rest of the tokens has no gradient',
    },
  },
  drGrpo: {
    preset: drGrpo({ ...everything, maxCompletionTokens: 9 }),
    aggregate: constantLength(9),
  },
  dapo: { preset: dapo({ ...everything, clipRangeHigh: 0.28 }), aggregate: tokenMean },
  bnpo: { preset: bnpo(everything), aggregate: tokenMean },
  cispo: {
    preset: cispo({ ...everything, clipRangeHigh: 1.2 }),
    aggregate: tokenMean,
    not: { smooth: 'the weight is a constant to the gradient' },
  },
  gspo: {
    preset: gspo({ ...everything, clipRange: 0.1, clipRangeHigh: 0.1 }),
    aggregate: sequenceMean,
  },
  sapo: { preset: sapo(everything), aggregate: sequenceMean },
  rloo: { preset: rloo({ entropyCoefficient: 0.05 }), aggregate: sequenceSum },
  reinforce: { preset: reinforce(everything), aggregate: sequenceSum },
};
const all = Object.entries(compositions).map(([name, rest]) => ({ name, ...rest }));
const having = (property: keyof NonNullable<Composition['not']>) =>
  all.filter(({ not }) => not?.[property] === undefined);

const slope = ({ loss }: PolicyPreset, key: 'logprobs' | 'entropy') =>
  finiteDifferences((x) => loss({ ...inputs, [key]: x }).loss, inputs[key]);

const eachInput = (change: (values: Tensor, key: string) => Tensor) =>
  Object.fromEntries(
    Object.entries(inputs).map(([key, values]) => [key, change(values, key)]),
  ) as unknown as typeof inputs;

function gradientsOf(
  { loss }: PolicyPreset,
  given: PolicyLossInputs,
  totals = totalsOf(given.completionMask),
) {
  const logprobs = given.logprobs.detach().clone().requireGrad();
  const entropy = (given.entropy as Tensor).detach().clone().requireGrad();
  const result = loss({ ...given, logprobs, entropy }, totals);
  result.loss.backward();
  return {
    loss: result.loss.item(),
    logprobs: logprobs.grad as Tensor,
    entropy: entropy.grad as Tensor,
    statistics: result.statistics,
  };
}

test.each(having('smooth'))('$name has the gradient of finite differences', ({ preset }) => {
  const { logprobs } = gradientsOf(preset, inputs);
  expect(logprobs).toBeAllClose(slope(preset, 'logprobs'), { rtol: 1e-6, atol: 1e-9 });
});

test.each(having('smoothInEntropy'))('$name has that gradient in the entropy too', ({ preset }) => {
  const { entropy } = gradientsOf(preset, inputs);
  expect(entropy).toBeAllClose(slope(preset, 'entropy'), { rtol: 1e-6, atol: 1e-9 });
});

test.each(all)('$name does not read what stands where nothing is trained', ({ preset }) => {
  const trained = completionMask.ne(0);
  const clean = gradientsOf(preset, inputs);
  expect(clean.logprobs.mul(completionMask.sub(1)).abs().max().item()).toBe(0);
  for (const rubbish of [Number.NaN, Infinity, -Infinity, 1e30]) {
    const spoilt = eachInput((values, key) =>
      key === 'completionMask' ? values : where(trained, values, rubbish),
    );
    const found = gradientsOf(preset, spoilt);
    expect(found.loss).toBe(clean.loss);
    expect(found.logprobs.toArray()).toEqual(clean.logprobs.toArray());
    expect(found.entropy.toArray()).toEqual(clean.entropy.toArray());
    expect(readStatistics([found.statistics])).toEqual(readStatistics([clean.statistics]));
  }
});

test.each(having('splittable'))('$name of 8×1 and 4×2 is that of 1×8', ({ preset }) => {
  const whole = gradientsOf(preset, inputs);
  const expected = readStatistics([whole.statistics]);
  for (const size of [1, 2]) {
    const parts = Array.from({ length: B / size }, (_, i) => {
      const rows = eachInput((values) => values.narrow(0, i * size, size));
      return gradientsOf(preset, rows, totalsOf(completionMask));
    });
    expect(parts.reduce((sum, { loss }) => sum + loss, 0)).toBeCloseTo(whole.loss, 12);
    const gradient = parts.flatMap(({ logprobs }) => logprobs.toArray());
    expect(gradient).toBeAllClose(whole.logprobs.toArray(), { atol: 1e-14 });
    const combined = readStatistics(parts.map(({ statistics }) => statistics));
    expect(Object.keys(combined)).toEqual(Object.keys(expected));
    expect(Object.values(combined)).toBeAllClose(Object.values(expected), { atol: 1e-12 });
  }
});

test.each(having('onPolicy'))('$name on policy is the policy gradient', (composition) => {
  const logprobs = inputs.logprobs.detach().clone().requireGrad();
  composition
    .aggregate(logprobs.mul(inputs.advantages).neg(), completionMask, totalsOf(completionMask))
    .backward();
  const onPolicy = { ...inputs, referenceLogprobs: inputs.logprobs, oldLogprobs: undefined };
  const found = gradientsOf(composition.preset, onPolicy);
  expect(found.logprobs).toBeAllClose(logprobs.grad as Tensor, { rtol: 0, atol: 1e-14 });
});

test.each(all)('$name refuses tensors that would broadcast', ({ preset }) => {
  const advantages = inputs.advantages.narrow(1, 0, 1);
  expect(() => preset.loss({ ...inputs, advantages })).toThrow(ShapeError);
  expect(() => preset.loss({ ...inputs, advantages })).toThrow('advantages [8, 1]');
});

test.each(all)('$name sends nothing to old policy, reference or advantages', ({ preset }) => {
  const leaves = eachInput((values, key) =>
    key === 'completionMask' ? values : values.detach().clone().requireGrad(),
  );
  preset.loss(leaves).loss.backward();
  const { oldLogprobs: old, referenceLogprobs, advantages } = leaves;
  expect([old, referenceLogprobs, advantages].map(({ grad }) => grad)).toEqual([null, null, null]);
});

test('what the options need and the inputs lack is said', () => {
  const { referenceLogprobs: _, entropy: __, ...bare } = inputs;
  expect(() => grpo({ klCoefficient: 0.1 }).loss(bare)).toThrow(ConfigError);
  expect(() => grpo({ klCoefficient: 0.1 }).loss(bare)).toThrow(
    'policyLoss: referenceLogprobs is missing, and klCoefficient needs it',
  );
  expect(() => grpo({ entropyCoefficient: 0.1 }).loss(bare)).toThrow('entropy is missing');
  expect(() => grpo({ topEntropyShare: 0.2 }).loss(bare)).toThrow('entropy is missing');
});

test('presets name how their advantages are made', () => {
  const recipes = Object.entries(presets).map(([name, make]) => [
    name,
    make({ maxCompletionTokens: 4 }).advantages,
  ]);
  const group = { estimator: 'group-relative', scaling: 'group' };
  expect(Object.fromEntries(recipes)).toEqual({
    grpo: group,
    dr_grpo: { ...group, scaling: 'none' },
    dapo: group,
    bnpo: group,
    cispo: group,
    gspo: group,
    sapo: group,
    rloo: { estimator: 'leave-one-out' },
    reinforce: { estimator: 'reinforce' },
  });
  expect(rloo().rewardKlCoefficient).toBe(0.05);
});
