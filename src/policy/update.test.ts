import { expect, test } from 'vitest';
import {
  letters,
  promptExamples,
  temporaryFolder,
  tinyPolicy,
} from '../../test/support/tiny-policy.ts';
import { microBatches, type TrainSequence } from '../batches/index.ts';
import {
  policyLoss,
  presets,
  reinforceSurrogate,
  supervisedLoss,
  tokenMean,
} from '../losses/index.ts';
import { parameters } from '../models/index.ts';
import { adamW, decayGroups, sgd } from '../optim/index.ts';
import { collectRollouts, makePrompt } from '../rollouts/index.ts';
import { Generator, liveTensors, noGrad, type Tensor } from '../tensor/index.ts';
import {
  type BatchLoss,
  evaluateLoss,
  forwardBackward,
  type Learner,
  Policy,
  resolveSampling,
  update,
} from './index.ts';

const float64 = { dtype: 'float64' } as const;
const small = { hiddenSize: 8, intermediateSize: 12, numHiddenLayers: 1, numAttentionHeads: 2 };
const policy = tinyPolicy({ ...small, numKeyValueHeads: 1 }, float64);

const lengths = [5, 1, 3, 6, 2, 4, 6, 1];
/** A fixed sequence in (−0.5, 0.5): multiples of the golden ratio, modulo 1. */
let turn = 0;
const jitter = (): number => ((++turn * 0.6180339887498949) % 1) - 0.5;

/** Eight sequences of unequal length as a policy that has moved since would find them; one trains nothing. */
const sequences: TrainSequence[] = lengths.map((length, row) => ({
  tokens: Array.from({ length: 2 + (row % 3) + length }, (_, t) => (row * 5 + t * 3) % 16),
  promptLength: 2 + (row % 3),
  completionMask: Array.from({ length }, () => (row === 4 ? 0 : 1)),
  oldLogprobs: Array.from({ length }, () => -2.8 + jitter()),
  referenceLogprobs: Array.from({ length }, () => -2.8 + jitter()),
  advantages: Array<number>(length).fill(jitter() * 4),
}));

const scoring = { temperature: 0.8, logprobDistribution: 'full' } as const;

const presetLoss =
  (preset: (typeof named)[keyof typeof named]): BatchLoss =>
  (scores, { completionMask, oldLogprobs, referenceLogprobs, advantages }, totals) =>
    preset.loss(
      { ...scores, completionMask, oldLogprobs, referenceLogprobs, advantages: advantages! },
      totals,
    );

const regularised = { klCoefficient: 0.1, entropyCoefficient: 0.05 };
const named = {
  grpo: presets.grpo(regularised),
  dr_grpo: presets.dr_grpo({ ...regularised, maxCompletionTokens: 6 }),
  dapo: presets.dapo(regularised),
  bnpo: presets.bnpo(regularised),
  cispo: presets.cispo(regularised),
  gspo: presets.gspo({ ...regularised, clipRange: 0.2, clipRangeHigh: 0.3 }),
  sapo: presets.sapo(regularised),
  rloo: presets.rloo({}),
  reinforce: presets.reinforce(regularised),
};

const supervised: BatchLoss = ({ logprobs, entropy }, { completionMask }, totals) =>
  supervisedLoss({ logprobs, completionMask, entropy }, totals);

const losses: [string, BatchLoss][] = [
  ...Object.entries(named).map(([name, preset]): [string, BatchLoss] => [name, presetLoss(preset)]),
  ['supervised', supervised],
];

const gradientsOf = (of: Policy): Map<string, number[]> =>
  new Map([...parameters(of.model)].map(([name, { grad }]) => [name, grad?.toArray() ?? []]));

function dropGradients(of: Policy): void {
  for (const parameter of parameters(of.model).values()) parameter.grad = null;
}

/** What an update would step with, and the loss it reports, without stepping. */
function accumulate(loss: BatchLoss, size: number) {
  const totals = {
    tokens: sequences.flatMap(({ completionMask }) => completionMask).filter(Boolean).length,
    sequences: sequences.length,
  };
  let sum = 0;
  for (const rows of microBatches(sequences, size)) {
    const entropy = 'differentiable';
    sum += forwardBackward(policy, rows, { ...scoring, entropy, loss, totals })?.loss ?? 0;
  }
  const gradients = gradientsOf(policy);
  dropGradients(policy);
  return { sum, gradients };
}

test.each(losses)(
  '%s: eight micro-batches of one give the gradients of one of eight',
  (_, loss) => {
    const [eight, three, one] = [accumulate(loss, 8), accumulate(loss, 3), accumulate(loss, 1)];
    for (const split of [three, one]) {
      expect(split.sum).toBeCloseTo(eight.sum, 10);
      for (const [name, gradient] of eight.gradients)
        expect(split.gradients.get(name)!).toBeAllClose(gradient, { rtol: 1e-10, atol: 1e-12 });
    }
    const norm = Math.hypot(...[...eight.gradients.values()].flat());
    expect(norm).toBeGreaterThan(1e-3);
  },
);

/** CISPO's weight is a constant to the gradient and not to finite differences. */
const smooth = losses.filter(([name]) => name !== 'cispo');

test.each(smooth)(
  '%s: the gradient of the whole policy is that of finite differences',
  (_, loss) => {
    const { gradients } = accumulate(loss, 8);
    const step = 1e-5;
    const lossAt = (parameter: Tensor, index: number, shift: number): number => {
      const flat = parameter.detach().view([-1]).narrow(0, index, 1);
      noGrad(() => flat.add_(shift));
      const { sum } = accumulate(loss, 8);
      noGrad(() => flat.sub_(shift));
      return sum;
    };
    for (const [name, parameter] of parameters(policy.model)) {
      // The entry of the largest gradient of every parameter: an error anywhere on its way shows there.
      const gradient = gradients.get(name)!;
      const index = gradient.reduce(
        (best, value, i) => (Math.abs(value) > Math.abs(gradient[best]!) ? i : best),
        0,
      );
      const slope = (lossAt(parameter, index, step) - lossAt(parameter, index, -step)) / (2 * step);
      expect(gradient[index]!, name).toBeCloseTo(slope, 6);
    }
  },
);

const weightsOf = (of: Policy): number[] =>
  [...parameters(of.model).values()].flatMap((parameter) => parameter.toArray());

function learnerOf(of: Policy, maxGradNorm = 0): Learner {
  return { policy: of, optimizer: adamW(decayGroups(parameters(of.model), 0.1)), maxGradNorm };
}

const fresh = () => tinyPolicy({ ...small, numKeyValueHeads: 1 }, float64);

const run = (
  learner: Learner,
  {
    size = 8,
    loss = presetLoss(named.grpo),
    rows = sequences,
  }: { size?: number; loss?: BatchLoss; rows?: readonly TrainSequence[] } = {},
) =>
  update(learner, microBatches(rows, size), {
    ...scoring,
    entropy: 'differentiable',
    loss,
    learningRate: 1e-2,
  });

test('an update of 1 × 8 moves the weights as one of 8 × 1, and reports the same', async () => {
  const [whole, split] = [fresh(), fresh()];
  const before = weightsOf(whole);
  const [first, second] = [await run(learnerOf(whole)), await run(learnerOf(split), { size: 1 })];
  expect(weightsOf(whole)).not.toEqual(before);
  expect(weightsOf(split)).toBeAllClose(weightsOf(whole), { rtol: 1e-8, atol: 1e-10 });
  expect(second.loss).toBeCloseTo(first.loss, 10);
  expect(second.gradNorm).toBeCloseTo(first.gradNorm, 10);
  expect(Object.keys(second.metrics).sort()).toEqual(Object.keys(first.metrics).sort());
  for (const [key, value] of Object.entries(first.metrics))
    expect(second.metrics[key as keyof typeof second.metrics], key).toBeCloseTo(value, 8);
});

test('gradients are scaled down to the norm asked for, and the norm before is reported', async () => {
  const [free, clipped] = [fresh(), fresh()];
  const step = async (of: Policy, maxGradNorm: number) => {
    const before = weightsOf(of);
    const optimizer = sgd(decayGroups(parameters(of.model), 0));
    const { gradNorm } = await run({ policy: of, optimizer, maxGradNorm });
    return { gradNorm, moved: Math.hypot(...weightsOf(of).map((w, i) => w - before[i]!)) };
  };
  const [one, two] = [await step(free, 0), await step(clipped, 0.01)];
  expect(one.gradNorm).toBeGreaterThan(0.01);
  expect(two.gradNorm).toBeCloseTo(one.gradNorm, 12);
  // Plain gradient descent moves by learning rate × norm; the clip's 1e-6 is torch's.
  expect(one.moved).toBeCloseTo(1e-2 * one.gradNorm, 10);
  expect(two.moved).toBeCloseTo((1e-2 * 0.01 * one.gradNorm) / (one.gradNorm + 1e-6), 10);
});

test('a loss that is not finite is named by micro-batch, column and sequence and leaves the weights alone', async () => {
  const own = fresh();
  const learner = learnerOf(own);
  const before = weightsOf(own);
  const rows = sequences.map((sequence, row) =>
    row === 6 ? { ...sequence, advantages: sequence.advantages!.map(() => Number.NaN) } : sequence,
  );
  const result = await run(learner, { size: 2, rows });
  expect(result.nonFinite).toBe('the loss of micro-batch 3 is NaN: advantages of its sequence 0');
  expect(result.gradNorm).toBeNaN();
  expect(weightsOf(own)).toEqual(before);
  expect(learner.optimizer.stepCount).toBe(0);
  for (const parameter of parameters(own.model).values()) expect(parameter.grad).toBeNull();
});

test('a gradient that is not finite is named by parameter and leaves the weights alone', async () => {
  const own = fresh();
  const learner = learnerOf(own);
  const before = weightsOf(own);
  // √x at x = 0 is finite and its slope is not.
  const loss: BatchLoss = ({ logprobs }) => ({
    loss: logprobs.sub(logprobs.detach()).sqrt().sum(),
    statistics: {},
  });
  const result = await run(learner, { loss });
  expect(result.loss).toBe(0);
  expect(result.nonFinite).toMatch(/^the gradient of model\.\S+ is not finite$/);
  expect(weightsOf(own)).toEqual(before);
  expect(learner.optimizer.stepCount).toBe(0);
});

test('after a skipped update the next one is as if it had not been', async () => {
  const [skipping, plain] = [fresh(), fresh()];
  const learner = learnerOf(skipping);
  await run(learner, {
    loss: ({ logprobs }) => ({ loss: logprobs.sum().mul(Number.NaN), statistics: {} }),
  });
  await run(learner);
  await run(learnerOf(plain));
  expect(weightsOf(skipping)).toEqual(weightsOf(plain));
});

test('sequences that train nothing leave the weights alone', async () => {
  const own = fresh();
  const before = weightsOf(own);
  const learner = learnerOf(own);
  const result = await run(learner, { rows: [sequences[4]!, sequences[4]!], size: 1 });
  expect(result).toMatchObject({ loss: 0, gradNorm: 0, metrics: {} });
  expect(result.nonFinite).toBeUndefined();
  expect(weightsOf(own)).toEqual(before);
});

test('an abort between micro-batches leaves weights and gradients alone', async () => {
  const own = fresh();
  const before = weightsOf(own);
  const controller = new AbortController();
  const loss: BatchLoss = (...inputs) => {
    controller.abort(new Error('enough'));
    return presetLoss(named.grpo)(...inputs);
  };
  const updating = update(learnerOf(own), microBatches(sequences, 1), {
    ...scoring,
    entropy: 'detached',
    loss,
    learningRate: 1,
    signal: controller.signal,
  });
  await expect(updating).rejects.toThrow('enough');
  expect(weightsOf(own)).toEqual(before);
  for (const parameter of parameters(own.model).values()) expect(parameter.grad).toBeNull();
});

test('evaluation gives the loss of training and changes nothing', async () => {
  const own = fresh();
  const before = weightsOf(own);
  const batches = microBatches(sequences, 3);
  const found = await evaluateLoss(own, batches, { ...scoring, loss: supervised });
  expect(weightsOf(own)).toEqual(before);
  const trained = await run(learnerOf(own), { loss: supervised });
  expect(found.loss).toBeCloseTo(trained.loss, 10);
});

test('over steps of sampling and updating, the number of live tensors stays the same', async () => {
  const own = tinyPolicy();
  const learner = learnerOf(own, 1);
  const prompts = promptExamples(['abc', 'de']).map((row) => makePrompt(row, letters));
  const generator = new Generator(2);
  const reinforce = policyLoss({ surrogate: reinforceSurrogate(), aggregate: tokenMean });
  const step = async () => {
    const groups = await collectRollouts(own, prompts, {
      groupSize: 4,
      sampling: resolveSampling({ maxCompletionLength: 8, topK: 6 }),
      generator,
    });
    const rows = groups.flatMap(({ prompt, rollouts }) =>
      rollouts.map(({ tokens, logprobs, keptTokens }, g) => ({
        tokens: [...prompt.tokens, ...tokens],
        promptLength: prompt.tokens.length,
        completionMask: tokens.map(() => 1),
        oldLogprobs: logprobs,
        keptTokens: keptTokens!,
        advantages: tokens.map(() => g - 1.5),
      })),
    );
    await update(learner, microBatches(rows, 4), {
      temperature: 1,
      logprobDistribution: 'sampled',
      entropy: 'detached',
      learningRate: 1e-3,
      loss: (scores, { completionMask, advantages }, totals) =>
        reinforce({ ...scores, completionMask, advantages: advantages! }, totals),
    });
  };
  await step();
  const before = liveTensors();
  for (let repeat = 0; repeat < 5; repeat++) await step();
  expect(liveTensors()).toBe(before);
});

const folder = temporaryFolder();

test('a saved policy loads as it was', async () => {
  const own = tinyPolicy();
  own.save(folder);
  const loaded = Policy.load(folder);
  expect(weightsOf(loaded)).toEqual(weightsOf(own));
  expect(loaded.tokenizer.encode('abc')).toEqual(letters.encode('abc'));
  const complete = (of: Policy) => of.sample('abc', { maxCompletionLength: 10, seed: 4 });
  expect(await complete(loaded)).toEqual(await complete(own));
});
