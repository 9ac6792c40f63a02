import { expect, test } from 'vitest';
import {
  letters,
  promptExamples,
  temporaryFolder,
  tinyPolicy,
} from '../../test/support/tiny-policy.ts';
import type { TrainSequence } from '../batches/index.ts';
import { baseModel, parameters, trainableParameters } from '../models/index.ts';
import { collectRollouts, makePrompt } from '../rollouts/index.ts';
import { Generator, liveTensors, noGrad, randn, tidy } from '../tensor/index.ts';
import { forwardBackward, Policy, resolveSampling, scoreSequences } from './index.ts';

const prompts = promptExamples(['abc', 'p', 'ghijklmno', 'dd']).map((row) =>
  makePrompt(row, letters),
);

/** A policy whose adapters have moved far. */
function adapted(dropout = 0): Policy {
  const policy = tinyPolicy().withAdapters({ rank: 4, dropout, targetModules: 'all-linear' });
  const generator = new Generator(5);
  noGrad(() =>
    tidy(() => {
      for (const matrix of trainableParameters(policy.model).values())
        matrix.copy_(randn(matrix.shape, generator).mul(0.3));
    }),
  );
  return policy;
}

async function sample(policy: Policy, topP = 1): Promise<TrainSequence[]> {
  const groups = await collectRollouts(policy, prompts, {
    groupSize: 4,
    sampling: resolveSampling({ maxCompletionLength: 24, topP }),
    generator: new Generator(3),
  });
  return groups.flatMap(({ prompt, rollouts }) =>
    rollouts.map(({ tokens, logprobs, keptTokens }) => ({
      tokens: [...prompt.tokens, ...tokens],
      promptLength: prompt.tokens.length,
      completionMask: tokens.map(() => 1),
      oldLogprobs: logprobs,
      ...(keptTokens && { keptTokens }),
    })),
  );
}

const scoring = { temperature: 1, logprobDistribution: 'sampled' } as const;

const furthest = (ratios: readonly number[]): number =>
  Math.max(...ratios.map((ratio) => Math.abs(ratio - 1)));

test.each([1, 0.8])(
  'sampling from merged weights and scoring with adapters apart agree: ratio 1 ± 1e-4, top-p %d',
  async (topP) => {
    const policy = adapted();
    const sequences = await sample(policy, topP);
    const options = { ...scoring, padTokenId: letters.padTokenId, batchSize: 5 };
    const scored = scoreSequences(policy.model, sequences, options);
    const ratiosOf = (scores: typeof scored) =>
      scores.flatMap(({ logprobs }, row) =>
        logprobs.map((logprob, t) => Math.exp(logprob - sequences[row]!.oldLogprobs![t]!)),
      );
    expect(ratiosOf(scored).length).toBeGreaterThan(100);
    expect(furthest(ratiosOf(scored))).toBeLessThan(1e-4);
    const base = scoreSequences(baseModel(policy.model), sequences, options);
    expect(furthest(ratiosOf(base))).toBeGreaterThan(0.5);
  },
);

test('training starts from ratio 1 ± 1e-4 too, and with dropout does not', async () => {
  const policy = adapted(0.3);
  const sequences = await sample(policy);
  const start = (dropoutSeed?: number): number => {
    let found = 0;
    forwardBackward(policy, sequences, {
      ...scoring,
      dropoutSeed,
      totals: { tokens: 1, sequences: 1 },
      loss: ({ logprobs }, { oldLogprobs }) => {
        found = logprobs.detach().sub(oldLogprobs!).exp().sub(1).abs().max().item();
        return { loss: logprobs.sum(), statistics: {} };
      },
    });
    return found;
  };
  expect(start()).toBeLessThan(1e-4);
  expect(start(1)).toBeGreaterThan(0.01);
});

test('sampling frees the merged weights', async () => {
  const policy = adapted();
  await sample(policy);
  const before = liveTensors();
  await sample(policy);
  expect(liveTensors()).toBe(before);
});

test('a policy with adapters is saved as an adapter folder and merged as a plain one', () => {
  const root = temporaryFolder();
  const [base, adapters, merged] = [`${root}/base`, `${root}/adapters`, `${root}/merged`];
  tinyPolicy().save(base);
  const policy = Policy.load(base).withAdapters({ baseModel: base, rank: 2 });
  noGrad(() => policy.model.adapters!.layers[0]!.query!.loraB.fill_(0.5));
  policy.save(adapters);
  policy.merged().save(merged);
  const [first, second] = [Policy.load(adapters), Policy.load(merged)];
  const scoresOf = ({ model }: Policy) =>
    scoreSequences(model, [{ tokens: [1, 2, 3, 4], promptLength: 1, completionMask: [1, 1, 1] }], {
      ...scoring,
      padTokenId: letters.padTokenId,
      batchSize: 1,
    })[0]!.logprobs;
  expect(scoresOf(first)).toEqual(scoresOf(policy));
  expect(scoresOf(second)).toBeAllClose(scoresOf(policy), { atol: 1e-5 });
  expect(second.model.adapters).toBeUndefined();
  for (const weight of parameters(first.model).values()) expect(weight.requiresGrad).toBe(false);
  for (const matrix of trainableParameters(first.model).values())
    expect(matrix.requiresGrad).toBe(true);
});
