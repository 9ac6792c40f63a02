import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tinyPolicy } from '../../test/support/tiny-policy.ts';
import {
  countTotals,
  keptTokensOf,
  type PromptLayout,
  packed,
  type RowLayout,
  type TrainSequence,
} from '../batches/index.ts';
import { presets } from '../losses/index.ts';
import { trainableParameters } from '../models/index.ts';
import { adamW, decayGroups } from '../optim/index.ts';
import { Generator, noGrad, randn } from '../tensor/index.ts';
import { type BatchLoss, forwardBackward, type Policy, update } from './index.ts';
import { type ScoreOptions, scoreSequences } from './score.ts';

const sizes = { hiddenSize: 12, intermediateSize: 16, numHiddenLayers: 2, numAttentionHeads: 6 };
const heads = { headDim: 4, numKeyValueHeads: 2 };

const policyOf = (modelType: 'llama' | 'qwen2' | 'qwen3', dtype: 'float32' | 'float64'): Policy =>
  tinyPolicy({ ...sizes, ...heads, modelType }, { dtype });

/** A policy with adapters that have moved, so that they matter. */
function adapted(dtype: 'float32' | 'float64'): Policy {
  const plain = policyOf('llama', dtype);
  const policy = plain.withAdapters({ rank: 2, targetModules: 'all-linear' });
  const generator = new Generator(5);
  noGrad(() => {
    for (const parameter of trainableParameters(policy.model).values())
      parameter.detach().copy_(randn(parameter.shape, generator).mul(0.3));
  });
  return policy;
}

const grpo = presets.grpo({ klCoefficient: 0.1, entropyCoefficient: 0.05 });
const loss: BatchLoss = (
  scores,
  { completionMask, oldLogprobs, referenceLogprobs, advantages },
  totals,
) =>
  grpo.loss(
    { ...scores, completionMask, oldLogprobs, referenceLogprobs, advantages: advantages! },
    totals,
  );

const token = fc.nat(15);

const anyCompletion = fc.record({
  region: fc.array(
    fc.record({
      token,
      trained: fc.constantFrom(0 as const, 1 as const, 1 as const),
      old: fc.double({ min: -4, max: -2, noNaN: true }),
      reference: fc.double({ min: -4, max: -2, noNaN: true }),
      others: fc.uniqueArray(token, { maxLength: 4 }),
    }),
    { minLength: 0, maxLength: 40 },
  ),
  advantage: fc.double({ min: -2, max: 2, noNaN: true }),
});

/** Groups of completions of one prompt each, in any order. */
const anyGroups = fc
  .array(
    fc.record({
      prompt: fc.array(token, { minLength: 1, maxLength: 40 }),
      completions: fc.array(anyCompletion, { minLength: 1, maxLength: 5 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((groups) =>
    groups.flatMap(({ prompt, completions }) =>
      completions.map(
        ({ region, advantage }): TrainSequence => ({
          tokens: [...prompt, ...region.map((drawn) => drawn.token)],
          promptLength: prompt.length,
          completionMask: region.map(({ trained }) => trained),
          oldLogprobs: region.map(({ old }) => old),
          referenceLogprobs: region.map(({ reference }) => reference),
          advantages: region.map(() => advantage),
          keptTokens: keptTokensOf(
            region.map((drawn) => [...new Set([drawn.token, ...drawn.others])]),
          ),
        }),
      ),
    ),
  )
  .chain((sequences) =>
    fc.shuffledSubarray(sequences, { minLength: sequences.length, maxLength: sequences.length }),
  );

interface Arrangement {
  readonly prompts: PromptLayout;
  readonly layout?: RowLayout;
  readonly gradientCheckpointing?: boolean;
}

type Distribution = Pick<ScoreOptions, 'logprobDistribution' | 'repetitionPenalty'>;

/** Loss and gradients of one micro-batch, and its scores without gradient. */
function measure(
  policy: Policy,
  sequences: readonly TrainSequence[],
  { gradientCheckpointing = false, ...arrangement }: Arrangement,
  distribution: Distribution,
): number[][] {
  const scoring = { temperature: 0.8, entropy: 'differentiable', ...distribution } as const;
  const totals = countTotals(sequences);
  const options = { ...scoring, ...arrangement, gradientCheckpointing, loss, totals };
  const result = forwardBackward(policy, sequences, options);
  const { model, tokenizer } = policy;
  const gradients = [...trainableParameters(model).values()].map((parameter) => {
    const gradient = parameter.grad?.toArray() ?? [];
    parameter.grad = null;
    return gradient;
  });
  const { padTokenId } = tokenizer;
  const reading = { ...scoring, ...arrangement, padTokenId, batchSize: sequences.length };
  const scores = scoreSequences(model, sequences, reading);
  return [
    [result?.loss ?? 0],
    ...gradients,
    ...scores.flatMap(({ logprobs, entropies }) => [logprobs, entropies!]),
  ];
}

const arrangements: Arrangement[] = [
  { prompts: 'shared' },
  { prompts: 'shared', layout: packed(64) },
  { prompts: 'shared', gradientCheckpointing: true },
  { prompts: 'own', layout: packed() },
  { prompts: 'cheapest' },
];

const distributions: Record<string, Distribution> = {
  'the full distribution': { logprobDistribution: 'full' },
  'kept tokens': { logprobDistribution: 'sampled' },
  'a repetition penalty': { logprobDistribution: 'sampled', repetitionPenalty: 1.3 },
};

describe.each([
  ['float64', 1e-10],
  ['float32', 2e-4],
] as const)('a prompt is read once for its group, in %s', (dtype, tolerance) => {
  test.each([
    ['llama', policyOf('llama', dtype)],
    ['qwen2', policyOf('qwen2', dtype)],
    ['qwen3', policyOf('qwen3', dtype)],
    ['adapters', adapted(dtype)],
  ])('with the loss, gradients and scores of copies (%s)', (_, policy) => {
    const anyDistribution = fc.constantFrom(...Object.values(distributions));
    const property = fc.property(anyGroups, anyDistribution, (sequences, distribution) => {
      const copies = measure(policy, sequences, { prompts: 'own' }, distribution);
      for (const arrangement of arrangements) {
        const found = measure(policy, sequences, arrangement, distribution);
        expect(found.length).toBe(copies.length);
        for (const [i, values] of found.entries()) {
          const largest = copies[i]!.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
          expect(values).toBeAllClose(copies[i]!, { rtol: 0, atol: tolerance * largest });
        }
      }
    });
    fc.assert(property, { numRuns: 5, seed: 11, endOnFailure: true });
  });
});

const [prompt, other] = [
  [3, 1, 4, 1, 5, 9],
  [2, 6],
];
const completing = (before: readonly number[], length: number, sign: number): TrainSequence => ({
  tokens: [...before, ...Array.from({ length }, (_, t) => (t * 7 + length) % 16)],
  promptLength: before.length,
  completionMask: Array<number>(length).fill(1),
  oldLogprobs: Array<number>(length).fill(-2.5),
  referenceLogprobs: Array<number>(length).fill(-2.5),
  advantages: Array<number>(length).fill(sign),
});
const some = [
  completing(prompt, 4, 1),
  completing(prompt, 7, -0.5),
  completing(other, 3, 1),
  completing(prompt, 1, -0.5),
  completing(other, 5, -1),
];

test('completions of a shared prompt do not see one another', () => {
  const { model, tokenizer } = policyOf('llama', 'float32');
  const scoring = {
    temperature: 1,
    logprobDistribution: 'full',
    prompts: 'shared',
    padTokenId: tokenizer.padTokenId,
    batchSize: 9,
  } as const;
  const [first] = scoreSequences(model, some, scoring);
  const changed = some.map((sequence, i) => ({
    ...sequence,
    tokens: sequence.tokens.map((id, t) => (i > 0 && t >= sequence.promptLength ? 15 - id : id)),
  }));
  const [again] = scoreSequences(model, changed, scoring);
  expect(again!.logprobs).toEqual(first!.logprobs);
});

test('an update with shared prompts moves the weights as one with copies', async () => {
  const moved = [];
  for (const prompts of ['own', 'shared'] as const) {
    const policy = policyOf('qwen2', 'float64');
    const parameters = trainableParameters(policy.model);
    const optimizer = adamW(decayGroups(parameters, 0.1), { epsilon: 1e-3 });
    const learner = { policy, optimizer, maxGradNorm: 0.5 };
    const scoring = {
      temperature: 1,
      logprobDistribution: 'full',
      entropy: 'differentiable',
    } as const;
    await update(learner, [some.slice(0, 3), some.slice(3)], {
      ...scoring,
      prompts,
      loss,
      learningRate: 0.1,
    });
    moved.push([...parameters.values()].flatMap((parameter) => parameter.toArray()));
  }
  expect(moved[1]!).toBeAllClose(moved[0]!, { rtol: 0, atol: 1e-10 });
});
