import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tinyPolicy } from '../../test/support/tiny-policy.ts';
import { countTotals, packBatch, packed, padded, type TrainSequence } from '../batches/index.ts';
import { presets, supervisedLoss } from '../losses/index.ts';
import { hiddenStates, parameters } from '../models/index.ts';
import { adamW, decayGroups } from '../optim/index.ts';
import { arange, tokenTensor } from '../tensor/index.ts';
import { type BatchLoss, evaluateLoss, forwardBackward, type Policy, update } from './index.ts';
import { scoreSequences } from './score.ts';
import { takeStatistics } from './take-statistics.ts';

const float64 = { dtype: 'float64' } as const;
const sizes = { hiddenSize: 12, intermediateSize: 16, numHiddenLayers: 2, numAttentionHeads: 6 };
const policies = (['llama', 'qwen2', 'qwen3'] as const).map((modelType) =>
  tinyPolicy({ ...sizes, modelType, headDim: 4, numKeyValueHeads: 2 }, float64),
);
const [policy] = policies as [Policy, ...Policy[]];

const scoring = {
  temperature: 0.8,
  logprobDistribution: 'full',
  entropy: 'differentiable',
  compareArgmax: true,
} as const;

const presetLoss =
  (preset: ReturnType<typeof presets.grpo>): BatchLoss =>
  (scores, { completionMask, oldLogprobs, referenceLogprobs, advantages }, totals) =>
    preset.loss(
      { ...scores, completionMask, oldLogprobs, referenceLogprobs, advantages: advantages! },
      totals,
    );
const supervised: BatchLoss = ({ logprobs, entropy, isArgmax }, { completionMask }, totals) =>
  supervisedLoss({ logprobs, completionMask, entropy, isArgmax }, totals);
const regularised = { klCoefficient: 0.1, entropyCoefficient: 0.05 };
const losses: Record<string, BatchLoss> = {
  supervised,
  grpo: presetLoss(presets.grpo(regularised)),
  dapo: presetLoss(presets.dapo(regularised)),
  gspo: presetLoss(presets.gspo(regularised)),
};

/** Sequences of any lengths, some of whose tokens are not trained. */
const anySequences = fc.array(
  fc
    .record({
      promptLength: fc.integer({ min: 1, max: 6 }),
      region: fc.array(
        fc.record({
          token: fc.nat(15),
          trained: fc.constantFrom(0, 1, 1),
          old: fc.double({ min: -4, max: -2, noNaN: true }),
          reference: fc.double({ min: -4, max: -2, noNaN: true }),
        }),
        { minLength: 1, maxLength: 9 },
      ),
      prompt: fc.array(fc.nat(15), { minLength: 6, maxLength: 6 }),
      advantage: fc.double({ min: -2, max: 2, noNaN: true }),
    })
    .map(
      ({ promptLength, prompt, region, advantage }): TrainSequence => ({
        tokens: [...prompt.slice(0, promptLength), ...region.map(({ token }) => token)],
        promptLength,
        completionMask: region.map(({ trained }) => trained),
        oldLogprobs: region.map(({ old }) => old),
        referenceLogprobs: region.map(({ reference }) => reference),
        advantages: region.map(() => advantage),
      }),
    ),
  { minLength: 1, maxLength: 9 },
);

/** Loss, metrics and gradients of one micro-batch. */
function measure(
  of: Policy,
  sequences: readonly TrainSequence[],
  loss: BatchLoss,
  layout = padded,
) {
  const totals = countTotals(sequences);
  const result = forwardBackward(of, sequences, { ...scoring, layout, loss, totals });
  const gradients = [...parameters(of.model)].map(([name, parameter]) => {
    const gradient = parameter.grad?.toArray() ?? [];
    parameter.grad = null;
    return [name, gradient] as const;
  });
  return {
    loss: result?.loss ?? 0,
    metrics: takeStatistics(result ? [result.statistics] : []),
    gradients,
  };
}

describe.each(Object.entries(losses))('packing equals padding: %s', (_, loss) => {
  test.each(policies.map((of) => [of.model.config.modelType, of] as const))(
    'gives the same loss, metrics and gradients (%s)',
    (_type, of) => {
      const property = fc.property(anySequences, fc.nat(60), (sequences, rowTokens) => {
        const alone = measure(of, sequences, loss);
        const together = measure(of, sequences, loss, packed(rowTokens));
        expect(together.loss).toBeAllClose(alone.loss, { rtol: 1e-10, atol: 1e-10 });
        expect(Object.keys(together.metrics)).toEqual(Object.keys(alone.metrics));
        expect(Object.values(together.metrics)).toBeAllClose(Object.values(alone.metrics), {
          rtol: 1e-10,
          atol: 1e-10,
        });
        for (const [i, [name, gradient]] of together.gradients.entries()) {
          expect(name).toBe(alone.gradients[i]![0]);
          expect(gradient).toBeAllClose(alone.gradients[i]![1], { rtol: 1e-10, atol: 1e-10 });
        }
      });
      fc.assert(property, { numRuns: 8, seed: 7 });
    },
  );
});

const some = fc.sample(anySequences, { numRuns: 8, seed: 3 }).flat();

test('scores do not depend on the layout', () => {
  const options = { ...scoring, padTokenId: 0, batchSize: 5 };
  const alone = scoreSequences(policy.model, some, options);
  const together = scoreSequences(policy.model, some, { ...options, layout: packed() });
  for (const [i, { logprobs, entropies }] of together.entries()) {
    expect(logprobs).toBeAllClose(alone[i]!.logprobs, { rtol: 0, atol: 1e-10 });
    expect(entropies!).toBeAllClose(alone[i]!.entropies!, { rtol: 0, atol: 1e-10 });
  }
});

test('held-out losses do not depend on the layout', async () => {
  const alone = await evaluateLoss(policy, [some], { ...scoring, loss: supervised });
  const together = await evaluateLoss(policy, [some], {
    ...scoring,
    loss: supervised,
    layout: packed(40),
  });
  expect(Object.values(together)).toBeAllClose(Object.values(alone), { rtol: 1e-10 });
});

test('an update with packed rows moves the weights as one with padded rows', async () => {
  const moved = [];
  for (const layout of [padded, packed()]) {
    const own = tinyPolicy({ ...sizes, headDim: 4, numKeyValueHeads: 2 }, float64);
    const optimizer = adamW(decayGroups(parameters(own.model), 0.1), { epsilon: 1e-3 });
    const learner = { policy: own, optimizer, maxGradNorm: 0.5 };
    const options = { ...scoring, layout, loss: losses['grpo']!, learningRate: 0.1 };
    await update(learner, [some.slice(0, 5), some.slice(5)], options);
    moved.push([...parameters(own.model).values()].flatMap((parameter) => parameter.toArray()));
  }
  expect(moved[1]!).toBeAllClose(moved[0]!, { rtol: 0, atol: 1e-10 });
});

test('a row of several sequences says where each begins and ends', () => {
  const sequence = (length: number): TrainSequence => ({
    tokens: Array.from({ length }, (_, t) => t),
    promptLength: 1,
    completionMask: Array<number>(length - 1).fill(1),
  });
  const options = { padTokenId: 9, layout: packed(8) };
  const batch = packBatch([sequence(2), sequence(3), sequence(6)], options);
  // The longest goes first, then what fits beside it; the third row's five places of padding are a sequence of their own.
  expect(batch.tokens.toArray()).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 0, 1, 2, 9, 9, 9, 9, 9]);
  expect(batch.segments?.starts.toArray()).toEqual([
    0, 0, 0, 0, 0, 0, 6, 6, 0, 0, 0, 3, 3, 3, 3, 3,
  ]);
  expect(batch.segments?.ends.toArray()).toEqual([6, 6, 6, 6, 6, 6, 8, 8, 3, 3, 3, 8, 8, 8, 8, 8]);
  expect(batch.predictors.toArray()).toEqual([6, 8, 9, 0, 1, 2, 3, 4]);
  expect(packBatch([sequence(2), sequence(3)], { padTokenId: 9 }).segments).toBeUndefined();
});

test('rows are divided without cache and mask only', () => {
  const tokens = tokenTensor([1, 2, 3], [1, 3]);
  const places = arange(0, 3).unsqueeze(0).to({ dtype: 'int32' });
  const segments = { starts: places, ends: places.add(1) };
  const attentionMask = places.greaterEqual(0);
  expect(() => hiddenStates(policy.model, { tokens, segments, attentionMask })).toThrow(/segments/);
  const narrow = { starts: places.narrow(1, 0, 2), ends: places.narrow(1, 0, 2) };
  expect(() => hiddenStates(policy.model, { tokens, segments: narrow })).toThrow(
    /segments \[1, 2\].*\[1, 3\]/,
  );
});
