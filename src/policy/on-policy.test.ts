import { expect, test } from 'vitest';
import { letters, promptExamples, tinyPolicy } from '../../test/support/tiny-policy.ts';
import type { TrainSequence } from '../batches/index.ts';
import { ConfigError } from '../errors.ts';
import { collectRollouts, makePrompt } from '../rollouts/index.ts';
import { Generator } from '../tensor/index.ts';
import type { RolloutGroup } from '../types.ts';
import {
  forwardBackward,
  type LogprobDistribution,
  type Policy,
  resolveSampling,
  type SamplingOptions,
  scoreSequences,
} from './index.ts';

const policy = tinyPolicy();
const prompts = promptExamples(['abc', 'p', 'ghijklmno', 'dd']).map((row) =>
  makePrompt(row, letters),
);

const sequencesOf = (groups: readonly RolloutGroup[]): TrainSequence[] =>
  groups.flatMap(({ prompt, rollouts }) =>
    rollouts.map(({ tokens, logprobs, keptTokens }) => ({
      tokens: [...prompt.tokens, ...tokens],
      promptLength: prompt.tokens.length,
      completionMask: tokens.map(() => 1),
      oldLogprobs: logprobs,
      ...(keptTokens && { keptTokens }),
    })),
  );

const sampleGroups = (from: Policy, options: Omit<SamplingOptions, 'maxCompletionLength'>) =>
  collectRollouts(from, prompts, {
    groupSize: 4,
    sampling: resolveSampling({ maxCompletionLength: 24, ...options }),
    generator: new Generator(3),
  });

const options: [string, Omit<SamplingOptions, 'maxCompletionLength'>][] = [
  ['nothing', {}],
  ['temperature', { temperature: 0.6 }],
  ['top-k', { topK: 4 }],
  ['top-p', { topP: 0.7 }],
  ['min-p', { minP: 0.1 }],
  ['repetition penalty', { repetitionPenalty: 1.5 }],
  ['everything', { temperature: 1.4, topK: 12, topP: 0.9, minP: 0.02, repetitionPenalty: 1.3 }],
];
const distributions: LogprobDistribution[] = ['sampled', 'full'];
const cases = options.flatMap(([name, option]) =>
  distributions.map((distribution) => [name, distribution, option] as const),
);

test.each(cases)(
  'with %s on, scoring under `%s` gives the log-probabilities that were drawn: ratio 1 ± 1e-4',
  async (_, logprobDistribution, option) => {
    const sequences = sequencesOf(await sampleGroups(policy, { ...option, logprobDistribution }));
    const { temperature = 1, repetitionPenalty = 1 } = option;
    const scored = scoreSequences(policy.model, sequences, {
      temperature,
      repetitionPenalty,
      logprobDistribution,
      padTokenId: letters.padTokenId,
      batchSize: 5,
    });
    const ratios = scored.flatMap(({ logprobs }, row) =>
      logprobs.map((logprob, t) => Math.exp(logprob - sequences[row]!.oldLogprobs![t]!)),
    );
    expect(ratios.length).toBeGreaterThan(100);
    expect(Math.max(...ratios.map((ratio) => Math.abs(ratio - 1)))).toBeLessThan(1e-4);
  },
);

test.each(cases)(
  'with %s on, training under `%s` starts from ratio 1 ± 1e-4',
  async (_, logprobDistribution, option) => {
    const sequences = sequencesOf(await sampleGroups(policy, { ...option, logprobDistribution }));
    let furthest = 0;
    forwardBackward(policy, sequences, {
      temperature: option.temperature ?? 1,
      repetitionPenalty: option.repetitionPenalty ?? 1,
      logprobDistribution,
      totals: { tokens: 1, sequences: 1 },
      loss: ({ logprobs }, { oldLogprobs }) => {
        const ratio = logprobs.detach().sub(oldLogprobs!).exp();
        furthest = ratio.sub(1).abs().max().item();
        return { loss: logprobs.sum(), statistics: {} };
      },
    });
    for (const parameter of [policy.model.weights.embedTokens]) parameter.grad = null;
    expect(furthest).toBeGreaterThan(0);
    expect(furthest).toBeLessThan(1e-4);
  },
);

test('a repetition penalty leaves the full distribution on policy', async () => {
  const sampling = { repetitionPenalty: 1.5, logprobDistribution: 'full' } as const;
  const sequences = sequencesOf(await sampleGroups(policy, sampling));
  const scored = scoreSequences(policy.model, sequences, {
    temperature: 1,
    logprobDistribution: 'full',
    padTokenId: letters.padTokenId,
    batchSize: 16,
  });
  for (const [row, { logprobs }] of scored.entries())
    expect(logprobs).toBeAllClose(sequences[row]!.oldLogprobs!, { rtol: 0, atol: 1e-4 });
});

test('the distribution sampled from is not the full one where the vocabulary is cut', async () => {
  const [group] = await sampleGroups(policy, { topK: 2, logprobDistribution: 'sampled' });
  const [sequence] = sequencesOf([group!]);
  const under = (logprobDistribution: LogprobDistribution) =>
    scoreSequences(policy.model, [sequence!], {
      temperature: 1,
      logprobDistribution,
      padTokenId: letters.padTokenId,
      batchSize: 1,
    })[0]!.logprobs;
  const [sampled, full] = [under('sampled'), under('full')];
  for (const [t, logprob] of sampled.entries()) expect(logprob).toBeGreaterThan(full[t]!);
});

test('micro-batch size and company do not change scores', async () => {
  const sequences = sequencesOf(await sampleGroups(policy, {}));
  const score = (batchSize: number, rows = sequences) =>
    scoreSequences(policy.model, rows, {
      temperature: 1,
      logprobDistribution: 'full',
      entropy: 'detached',
      padTokenId: letters.padTokenId,
      batchSize,
    });
  const [together, alone] = [score(16), score(1)];
  for (const [row, { logprobs, entropies }] of together.entries()) {
    expect(logprobs).toBeAllClose(alone[row]!.logprobs, { rtol: 0, atol: 1e-5 });
    expect(entropies!).toBeAllClose(alone[row]!.entropies!, { rtol: 0, atol: 1e-5 });
  }
});

test.each([
  ['nothing', {}],
  ['everything', { temperature: 1.3, topK: 12, topP: 0.95, repetitionPenalty: 1.2 }],
  ['greedy', { temperature: 0 }],
] as [string, Omit<SamplingOptions, 'maxCompletionLength'>][])(
  'with %s on, what was drawn beside longer prompts has the same log-probabilities alone',
  async (_, option) => {
    for (const { prompt, rollouts } of await sampleGroups(policy, option)) {
      for (const rollout of rollouts) {
        const [alone] = policy.score(prompt.text, [rollout], option);
        expect(alone!).toBeAllClose(rollout.logprobs, { rtol: 0, atol: 1e-5 });
      }
    }
  },
);

test('tokens that are not trained score 0, in sequences of none too', () => {
  const sequence = { tokens: [1, 2, 3, 4], promptLength: 2, completionMask: [0, 0] };
  const options = { temperature: 1, logprobDistribution: 'full', batchSize: 1 } as const;
  const padTokenId = letters.padTokenId;
  const [none] = scoreSequences(policy.model, [sequence], { ...options, padTokenId });
  expect(none).toEqual({ logprobs: [0, 0], entropies: undefined });
  const masked = { ...sequence, completionMask: [0, 1] };
  const [one] = scoreSequences(policy.model, [masked], { ...options, padTokenId });
  expect(one!.logprobs[0]).toBe(0);
  expect(one!.logprobs[1]).toBeLessThan(0);
});

test('a prompt without tokens is refused before anything is sampled', async () => {
  const request = collectRollouts(policy, [{ ...prompts[0]!, tokens: [] }], {
    groupSize: 1,
    sampling: resolveSampling({ maxCompletionLength: 4 }),
    generator: new Generator(0),
  });
  await expect(request).rejects.toThrow(ConfigError);
});
