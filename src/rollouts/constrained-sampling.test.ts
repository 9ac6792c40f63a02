import { expect, test } from 'vitest';
import { chiSquareTest } from '../../test/support/chi-square.ts';
import { tinyPolicy } from '../../test/support/tiny-policy.ts';
import {
  type Policy,
  resolveSampling,
  type SamplingOptions,
  scoreSequences,
  type TokenConstraint,
} from '../policy/index.ts';
import { Generator, noGrad } from '../tensor/index.ts';
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

async function drawGroups(
  from: Policy,
  prompts: readonly (readonly number[])[],
  groupSize: number,
  options: Partial<SamplingOptions> = {},
  along: TokenConstraint = constraint,
): Promise<readonly (readonly Rollout[])[]> {
  const groups = await collectRollouts(from, prompts.map(asPrompt), {
    groupSize,
    sampling: resolveSampling({ maxCompletionLength: 4, ...options }),
    generator: new Generator(11),
    batchRows: prompts.length * groupSize,
    constraint: along,
  });
  return groups.map(({ rollouts }) => rollouts);
}

const draw = async (
  count: number,
  options: Partial<SamplingOptions> = {},
): Promise<readonly Rollout[]> => (await drawGroups(policy, [prompt], count, options))[0]!;

test('every completion is a path of the constraint, and stops where it ends', async () => {
  for (const { tokens, finishReason } of await draw(200)) {
    expect(items.map((item) => item.join())).toContain(tokens.join());
    expect(finishReason).toBe('stop');
  }
});

test.each([
  [1, 'sampled', 'float32'],
  [0.6, 'sampled', 'float32'],
  [0.6, 'full', 'float32'],
  [0.6, 'sampled', 'float64'],
] as const)(
  'at temperature %d, %s, %s, every prompt’s come in proportion to their probabilities',
  async (temperature, logprobDistribution, dtype) => {
    const from = tinyPolicy({}, { dtype });
    const prompts = [prompt, [5, 2, 0, 1, 4]];
    const drawn = await drawGroups(from, prompts, 3000, { temperature, logprobDistribution });
    const expected = await beamSearch(from, prompts, {
      constraint,
      width: items.length,
      temperature,
      distribution: 'constrained',
    });
    for (const [p, beams] of expected.entries()) {
      const texts = drawn[p]!.map(({ tokens }) => tokens.join());
      const { pValue } = chiSquareTest(
        beams.map(({ tokens }) => texts.filter((text) => text === tokens.join()).length),
        beams.map(({ score }) => Math.exp(score)),
      );
      expect(pValue).toBeGreaterThan(1e-3);
    }
  },
);

test('a constraint that gets stuck is an error, not another path', async () => {
  const stuck: TokenConstraint = {
    start: 0,
    maxTokens: 2,
    allowed: (place) => Int32Array.from(place === 0 ? [3, 4] : []),
    follow: () => 1,
    isEnd: () => false,
  };
  await expect(drawGroups(policy, [prompt], 2, {}, stuck)).rejects.toThrow(
    /the constraint allows no token after \[[34]\] and is at no end/,
  );
});

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

test.each(['sampled', 'full'] as const)(
  'temperature 0 takes the likeliest token that is allowed, with its log-probability at temperature 1 under %s',
  async (logprobDistribution) => {
    const [one] = await draw(1, { temperature: 0, logprobDistribution });
    const distribution = logprobDistribution === 'full' ? 'full' : 'constrained';
    const [beams] = await beamSearch(policy, [prompt], { constraint, width: 1, distribution });
    expect(one!.tokens).toEqual(beams![0]!.tokens);
    for (const [t, logprob] of beams![0]!.logprobs.entries())
      expect(one!.logprobs[t]).toBeCloseTo(logprob, 5);
  },
);

test('of numbers that are none, a path is drawn and its log-probabilities say so', async () => {
  const broken = tinyPolicy();
  const { norm } = broken.model.weights;
  noGrad(() => norm.mul_(Number.NaN));
  const [drawn] = await drawGroups(broken, [prompt], 3, { logprobDistribution: 'full' });
  for (const { tokens, logprobs } of drawn!) {
    expect(items.map((item) => item.join())).toContain(tokens.join());
    expect(logprobs[0]).toBeNaN();
  }
});

test('an aborted signal ends sampling with its reason', async () => {
  const sampled = collectRollouts(policy, [asPrompt(prompt)], {
    groupSize: 2,
    sampling: resolveSampling({ maxCompletionLength: 4 }),
    generator: new Generator(11),
    constraint,
    signal: AbortSignal.abort(new Error('enough')),
  });
  await expect(sampled).rejects.toThrow('enough');
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
