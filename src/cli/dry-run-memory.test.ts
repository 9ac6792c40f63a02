import { describe, expect, test } from 'vitest';
import { supervisedLoss } from '../losses/index.ts';
import { parameters } from '../models/index.ts';
import { adamW, decayGroups } from '../optim/index.ts';
import { Policy, resolveSampling, sampleCompletions, update } from '../policy/index.ts';
import { Generator, tensorMemory, trimMemory } from '../tensor/index.ts';
import { byteTokenizer } from '../tokenizers/index.ts';
import { estimateMemory } from './dry-run-memory.ts';
import type { MemoryPlan, SamplingPlan } from './memory-terms.ts';

const sizes = { modelType: 'qwen2', hiddenSize: 256, numHiddenLayers: 4 } as const;
// One for all tests: the collector frees nothing while they measure.
const policy = Policy.create(sizes, byteTokenizer());
const optimizer = adamW(decayGroups(parameters(policy.model), 0.01));

const plan: MemoryPlan = {
  rows: 8,
  length: 256,
  accumulates: false,
  gradientCheckpointing: false,
  hasReference: false,
};

/** The most bytes that large tensors take in the second step, above weights and moments. */
async function measured(
  { rows, length, gradientCheckpointing }: MemoryPlan,
  promptLength = 1,
): Promise<number> {
  // Where prompts are longer than a token, every four sequences have one.
  const prompt = (row: number) => (promptLength > 1 ? Math.floor(row / 4) : row);
  const sequences = Array.from({ length: rows }, (_, row) => ({
    tokens: Array.from({ length }, (__, t) => ((t < promptLength ? prompt(row) : row) + t) % 256),
    promptLength,
    completionMask: Array<0 | 1>(length - promptLength).fill(1),
  }));
  const step = () =>
    update({ policy, optimizer, maxGradNorm: 1 }, [sequences], {
      loss: ({ logprobs, entropy, isArgmax }, { completionMask }, totals) =>
        supervisedLoss({ logprobs, completionMask, entropy, isArgmax }, totals),
      learningRate: 1e-3,
      temperature: 1,
      logprobDistribution: 'full',
      entropy: 'detached',
      compareArgmax: true,
      gradientCheckpointing,
    });
  await step();
  trimMemory();
  const before = tensorMemory().live;
  await step();
  return tensorMemory().mostLive - before;
}

describe('the estimate of gradients and activations', () => {
  test.each([
    ['remembered layers', {}],
    ['recomputed layers', { gradientCheckpointing: true }],
    ['long rows', { rows: 2, length: 768 }],
  ])('is within a fifth of what a step takes: %s', async (_, change) => {
    const changed = { ...plan, ...change };
    const { training } = estimateMemory(policy, changed);
    const found = await measured(changed);
    expect(training / found).toBeGreaterThan(0.8);
    expect(training / found).toBeLessThan(1.2);
  });

  test('is within a fifth of what groups take that share their prompts', async () => {
    // Of 8 sequences, 6 share the prompt of another: 6 · 160 tokens of 8 · 256 are left out.
    const shared = { ...plan, sharedTokens: 6 * 160, targets: 8 * 96 };
    const found = await measured(plan, 160);
    expect(estimateMemory(policy, shared).training / found).toBeGreaterThan(0.8);
    expect(estimateMemory(policy, shared).training / found).toBeLessThan(1.2);
  });
});

/** The most bytes that large tensors take in a rollout. */
async function measuredRollout({ prompts, completions, ...plan }: SamplingPlan): Promise<number> {
  trimMemory();
  const before = tensorMemory().live;
  await sampleCompletions({
    ...policy,
    prompts: Array.from({ length: prompts }, (_, p) =>
      Array<number>(plan.isPadded && p % 2 === 1 ? 1 : plan.promptLength).fill(65),
    ),
    groupSize: completions / prompts,
    sampling: resolveSampling({ maxCompletionLength: plan.completionLength }),
    generator: new Generator(1),
  });
  return tensorMemory().mostLive - before;
}

describe('the estimate of a rollout', () => {
  const small = { prompts: 2, completions: 4, promptLength: 16, completionLength: 8 };
  test.each<[string, SamplingPlan]>([
    ['matrices laid out', { ...small, isPadded: false }],
    ['caches of many completions', { ...small, completions: 128, completionLength: 64 }],
    ['padded prompts', { ...small, prompts: 4, promptLength: 768, isPadded: true }],
    ['prompts of one length', { ...small, prompts: 4, promptLength: 768, isPadded: false }],
  ])('is within a fifth of what it takes: %s', async (_, sampling) => {
    const { sampling: estimated } = estimateMemory(policy, { ...plan, sampling });
    const found = await measuredRollout(sampling);
    expect(estimated / found).toBeGreaterThan(0.8);
    expect(estimated / found).toBeLessThan(1.2);
  });
});

test('a rollout counts one more copy of the matrices', () => {
  const sampling = { prompts: 1, completions: 1, promptLength: 1, completionLength: 1 };
  const matrices = [...parameters(policy.model)].flatMap(([name, { shape, size }]) =>
    shape.length === 2 && name !== 'model.embed_tokens.weight' ? [size] : [],
  );
  const head = policy.model.config.vocabSize * 256;
  const isTied = policy.model.weights.head === null;
  const copied = matrices.reduce((sum, size) => sum + size, isTied ? head : 0);
  // Keys and values of two tokens in 4 layers, and four times the logits of one.
  const rest = 4 * 2 * 2 * 256 * 4 + 4 * policy.model.config.vocabSize * 4;
  expect(estimateMemory(policy, { ...plan, sampling }).sampling).toBe(copied * 4 + rest);
});

test('weights and moments are counted by their parameters', () => {
  const numbers = [...parameters(policy.model).values()].reduce((sum, { size }) => sum + size, 0);
  const { weights, optimiser, reference } = estimateMemory(policy, { ...plan, hasReference: true });
  expect([weights, reference, optimiser]).toEqual([4 * numbers, 4 * numbers, 8 * numbers]);
});

test('caches count for every completion, keys and values, in every layer', () => {
  const of = (completions: number) =>
    estimateMemory(policy, {
      ...plan,
      sampling: { prompts: 2, completions, promptLength: 20, completionLength: 80 },
    }).sampling;
  // 4 layers × 2 × 100 tokens × 256 numbers × 4 bytes, and 4 × 259 logits of 4 bytes.
  expect(of(65) - of(64)).toBe(4 * 2 * 100 * 256 * 4 + 4 * policy.model.config.vocabSize * 4);
});
