import { join } from 'node:path';
import { expect, test } from 'vitest';
import { metricLines } from '../../../test/support/run-files.ts';
import { promptExamples, temporaryFolder, tinyPolicy } from '../../../test/support/tiny-policy.ts';
import { parameters } from '../../models/index.ts';
import type { OfferedTokens } from '../../policy/index.ts';
import { Generator, tensor } from '../../tensor/index.ts';
import { type PolicyGradientTraining, trainPolicyGradient } from '../../trainers/index.ts';
import { type CapoOptions, capoTokenFilter } from './capo-token-filter.ts';
import { SparseAdam } from './sparse-adam.ts';
import { headAdamStepModel, sgdStepModel } from './step-model.ts';
import { randomGradients } from './testing.ts';

const root = temporaryFolder();
let runs = 0;
const VOCABULARY = 20;

const likesA = (completion: string): number =>
  Array.from(completion).filter((letter) => letter === 'a').length / Math.max(1, completion.length);

/** Bounds that reject some of the tokens of the runs below. */
const bounds = { objectiveBound: 0.5, policyBound: 0.05 };

const filterOf = (changes: Partial<CapoOptions> = {}) =>
  capoTokenFilter({
    ...bounds,
    stepModel: new SparseAdam({ vocabSize: VOCABULARY }),
    topTokens: 8,
    ...changes,
  });

async function train(changes: Partial<PolicyGradientTraining> = {}) {
  const policy = tinyPolicy({ initializerRange: 0.1 });
  const result = await trainPolicyGradient({
    policy,
    examples: promptExamples(['b', 'cd', 'efg', 'h']),
    reward: likesA,
    lossType: 'grpo',
    numGenerations: 8,
    perDeviceTrainBatchSize: 16,
    maxCompletionLength: 6,
    learningRate: 0.02,
    lrSchedulerType: 'constant',
    maxSteps: 4,
    loggingSteps: 1,
    saveSteps: 2,
    tokenFilter: filterOf(),
    outputDir: join(root, `run-${runs++}`),
    console: null,
    ...changes,
  });
  const weights = [...parameters(policy.model).values()].flatMap((each) => each.toArray());
  return { ...result, weights, lines: metricLines(result.folder) };
}

const rejected = (lines: readonly Record<string, number | null>[]) =>
  lines.flatMap((line) => line['token_filter/rejected'] ?? []);

test('a run logs shares and magnitudes; accepted tokens are within the bounds', async () => {
  const { lines } = await train();
  expect(rejected(lines)).toHaveLength(4);
  expect(Math.max(...rejected(lines))).toBeGreaterThan(0);
  expect(Math.min(...rejected(lines))).toBeLessThan(1);
  for (const line of lines) {
    const value = (key: string) => line[`token_filter/${key}`];
    if (value('objective_shift_after/token_max') === undefined) continue;
    expect(value('objective_shift_after/token_max')).toBeLessThan(bounds.objectiveBound);
    expect(value('policy_shift_after/token_max')).toBeLessThan(bounds.policyBound);
    expect(value('policy_shift_before/token_max')).toBeGreaterThanOrEqual(
      value('policy_shift_after/token_max')!,
    );
  }
});

test('micro-batches change neither the mask nor what is remembered', async () => {
  const whole = await train();
  const split = await train({ perDeviceTrainBatchSize: 4, gradientAccumulationSteps: 4 });
  // The same prompts, drawn in the same order, in four parts.
  expect(rejected(split.lines)[0]).toBeCloseTo(rejected(whole.lines)[0]!, 10);
  const key = 'token_filter/policy_shift_before/batch_mean';
  // Rows of other lengths round otherwise: float32 keeps 7 digits.
  expect(split.lines[0]![key]).toBeCloseTo(whole.lines[0]![key]!, 7);
});

test('bounds that nothing exceeds leave the run as it is without a filter, bit for bit', async () => {
  const open = filterOf({ objectiveBound: 1e9, policyBound: 1e9 });
  const [filtered, plain] = [
    await train({ tokenFilter: open }),
    await train({ tokenFilter: undefined }),
  ];
  expect(filtered.weights).toEqual(plain.weights);
});

test('a run that is resumed ends in the same bits: the rows’ moments are in the checkpoint', async () => {
  const whole = await train();
  const half = await train({ maxSteps: 2 });
  const resumed = await train({ outputDir: null, resumeFromCheckpoint: half.folder });
  expect(resumed.weights).toEqual(whole.weights);
  expect(rejected(resumed.lines)).toEqual(rejected(whole.lines));
});

test.each(['dr_grpo', 'reinforce', 'dapo'] as const)(
  'it filters under %s too',
  async (lossType) => {
    const { lines } = await train({ lossType, maxSteps: 2 });
    expect(rejected(lines)).toHaveLength(2);
  },
);

const offered = (seed: number): OfferedTokens => {
  const sizes = { tokens: 6, top: 4, width: 5, vocabSize: VOCABULARY };
  const { gradients, advantages, distributions } = randomGradients(new Generator(seed), sizes);
  const { ids, states } = gradients;
  return {
    tokens: ids.select(1, 1),
    logprobs: distributions.log().select(1, 1),
    advantages,
    sequences: tensor([0, 0, 0, 1, 1, 1], { dtype: 'int64' }),
    learningRate: 1,
    hiddenStates: states,
    topIds: ids,
    topLogprobs: distributions.log(),
  };
};

test('a level decides what is rejected as one', () => {
  const region = { objectiveBound: 1e9, policyBound: 1, stepModel: sgdStepModel() };
  const at = (level: 'token' | 'sequence') =>
    capoTokenFilter({ ...region, level })
      .accept(offered(1))
      .toArray();
  const [byToken, bySequence] = [at('token'), at('sequence')];
  expect(new Set(byToken)).toEqual(new Set([0, 1]));
  for (const part of [bySequence.slice(0, 3), bySequence.slice(3)])
    expect(new Set(part).size).toBe(1);
});

test('a batch beyond the bounds is no update; within them it is a whole one', () => {
  const of = (policyBound: number) =>
    capoTokenFilter({
      objectiveBound: 1e9,
      policyBound,
      level: 'batch',
      stepModel: sgdStepModel(),
    });
  for (const [bound, isKept] of [
    [1e-9, false],
    [1e9, true],
  ] as const) {
    const filter = of(bound);
    expect(filter.accept(offered(2)).toArray()).toEqual([1, 1, 1, 1, 1, 1]);
    expect(filter.keepsUpdate!()).toBe(isKept);
    expect(filter.endStep()['token_filter/rejected']).toBe(isKept ? 0 : 1);
  }
});

test('tokens of advantage 0 are counted: none is rejected under SGD, some under Adam', async () => {
  const still = (seed: number): OfferedTokens => {
    const all = offered(seed);
    return { ...all, advantages: all.advantages.mul(0) };
  };
  const tight = { objectiveBound: 1e-9, policyBound: 1e-9, topTokens: 4 };
  const shares = [sgdStepModel(), new SparseAdam({ vocabSize: VOCABULARY })].map((stepModel) => {
    const open = capoTokenFilter({
      objectiveBound: 1e9,
      policyBound: 1e9,
      topTokens: 4,
      stepModel,
    });
    open.accept(offered(3));
    open.endStep();
    const filter = capoTokenFilter({ ...tight, stepModel });
    filter.accept(still(3));
    return filter.endStep()['token_filter/rejected_zero'];
  });
  expect(shares[0]).toBe(0);
  expect(shares[1]).toBe(1);
});

test('a cancelled step leaves no trace', () => {
  const steps = [true, false].map((fails) => {
    const stepModel = new SparseAdam({ vocabSize: VOCABULARY });
    const filter = capoTokenFilter({ ...bounds, stepModel, topTokens: 4 });
    if (fails) {
      filter.accept(offered(4));
      filter.cancelStep();
    }
    filter.accept(offered(5));
    filter.endStep();
    filter.accept(offered(6));
    return filter.endStep();
  });
  expect(steps[0]).toEqual(steps[1]);
});

test('the optimiser’s own moments can stand in for the model of them', async () => {
  const { lines } = await train({ tokenFilter: filterOf({ stepModel: headAdamStepModel() }) });
  expect(rejected(lines)).toHaveLength(4);
});

test.each([{ policyBound: 0 }, { objectiveBound: -1 }, { policyBound: Number.NaN }])(
  'bounds %j are refused',
  (changes) => {
    expect(() => filterOf(changes)).toThrow(/expected \w+Bound above 0, found/);
  },
);
