import { expect, test } from 'vitest';
import { chiSquareTest } from '../../test/support/chi-square.ts';
import { tinyPolicy } from '../../test/support/tiny-policy.ts';
import { resolveSampling, type SamplingOptions, scoreSequences } from '../policy/index.ts';
import { Generator } from '../tensor/index.ts';
import type { Rollout } from '../types.ts';
import { beamSearch, collectRollouts, TokenTrie } from './index.ts';

const policy = tinyPolicy();
const items = [[0, 1, 2], [0, 1, 3], [0, 2], [1, 0, 3], [2], [3, 1, 0, 5]];
const constraint = TokenTrie.of(items);
const prompt = [3, 1, 4];
const asPrompt = (tokens: readonly number[]) => ({
  example: { index: 0, columns: {} },
  source: '',
  text: '',
  tokens,
});

async function draw(
  count: number,
  options: Partial<SamplingOptions> = {},
): Promise<readonly Rollout[]> {
  const [group] = await collectRollouts(policy, [asPrompt(prompt)], {
    groupSize: count,
    sampling: resolveSampling({ maxCompletionLength: 4, ...options }),
    generator: new Generator(11),
    constraint,
  });
  return group!.rollouts;
}

test('every completion is a path of the constraint, and stops where it ends', async () => {
  for (const { tokens, finishReason } of await draw(200)) {
    expect(items.map((item) => item.join())).toContain(tokens.join());
    expect(finishReason).toBe('stop');
  }
});

test.each([1, 0.6])(
  'at temperature %d they come in proportion to their probabilities',
  async (temperature) => {
    const drawn = await draw(4000, { temperature });
    const [beams] = await beamSearch(policy, [prompt], {
      constraint,
      width: items.length,
      temperature,
      distribution: 'constrained',
    });
    const counts = beams!.map(
      ({ tokens }) => drawn.filter((rollout) => rollout.tokens.join() === tokens.join()).length,
    );
    const { pValue } = chiSquareTest(
      counts,
      beams!.map(({ score }) => Math.exp(score)),
    );
    expect(pValue).toBeGreaterThan(1e-3);
  },
);

test.each(['sampled', 'full'] as const)(
  'under %s, scoring finds the log-probabilities that sampling reported',
  async (logprobDistribution) => {
    const rollouts = await draw(24, { logprobDistribution, temperature: 0.8 });
    const sequences = rollouts.map(({ tokens, keptTokens }) => ({
      tokens: [...prompt, ...tokens],
      promptLength: prompt.length,
      completionMask: tokens.map(() => 1),
      ...(keptTokens && { keptTokens }),
    }));
    const scores = scoreSequences(policy.model, sequences, {
      temperature: 0.8,
      logprobDistribution,
      padTokenId: policy.tokenizer.padTokenId,
      batchSize: 8,
    });
    for (const [k, { logprobs }] of rollouts.entries())
      for (const [t, logprob] of logprobs.entries())
        expect(scores[k]!.logprobs[t]).toBeCloseTo(logprob, 4);
  },
);

test('temperature 0 takes the likeliest token that is allowed', async () => {
  const [one] = await draw(1, { temperature: 0 });
  const [beams] = await beamSearch(policy, [prompt], { constraint, width: 1 });
  expect(one!.tokens).toEqual(beams![0]!.tokens);
});

test.each([
  [{ topK: 3 }, /a constraint decides what may be drawn/],
  [{ repetitionPenalty: 2 }, /a constraint decides/],
  [
    { maxCompletionLength: 2 },
    /max_completion_length: 2 cuts paths of the constraint, which have up to 4 tokens/,
  ],
])('%j beside a constraint is refused', async (options, message) => {
  await expect(draw(1, options)).rejects.toThrow(message);
});
