import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tinyPolicy } from '../../test/support/tiny-policy.ts';
import { keptTokensOf } from '../batches/index.ts';
import { RolloutError } from '../errors.ts';
import { parameters } from '../models/index.ts';
import type { Policy, TokenConstraint } from '../policy/index.ts';
import { noGrad } from '../tensor/index.ts';
import { type Beam, beamSearch, TokenTrie } from './index.ts';

const END = 17;
const policy = tinyPolicy();
const prompts = [
  [3, 1, 4],
  [1, 5],
  [9, 2, 6, 5, 3],
];

const catalogue = fc
  .uniqueArray(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }), {
    minLength: 1,
    maxLength: 12,
    selector: (tokens) => tokens.join(),
  })
  .map((items) => items.map((tokens) => [...tokens, END]));

/** Σ log π of a completion by the policy's own scoring; among the allowed tokens where they are given. */
function scoreOf(
  of: Policy,
  prompt: readonly number[],
  tokens: readonly number[],
  allowed?: readonly Int32Array[],
  temperature = 1,
): number {
  const text = of.tokenizer.decode(prompt);
  const completion = { tokens, ...(allowed && { keptTokens: keptTokensOf(allowed) }) };
  const logprobDistribution = allowed === undefined ? 'full' : 'sampled';
  const [logprobs] = of.score(text, [completion], { logprobDistribution, temperature });
  return logprobs!.reduce((sum, x) => sum + x, 0);
}

const found = (beams: readonly Beam[]): string[] => beams.map(({ tokens }) => tokens.join());

/** Beam search by the book: every beam is scored anew, from text to score, at every step. */
function plainBeams(sequences: readonly number[][], prompt: readonly number[], width: number) {
  const isPath = (tokens: readonly number[]) =>
    sequences.some((sequence) => tokens.every((token, t) => sequence[t] === token));
  let beams: number[][] = [[]];
  while (beams.some((tokens) => tokens.at(-1) !== END)) {
    const longer = beams.flatMap((tokens) =>
      tokens.at(-1) === END
        ? [tokens]
        : Array.from({ length: 20 }, (_, token) => [...tokens, token]).filter(isPath),
    );
    const scored = longer.map((tokens) => ({ tokens, score: scoreOf(policy, prompt, tokens) }));
    beams = scored
      .sort((a, b) => b.score - a.score)
      .slice(0, width)
      .map(({ tokens }) => tokens);
  }
  return beams;
}

test('as wide as the catalogue it is exhaustive: every item, best first, with its own score', async () => {
  await fc.assert(
    fc.asyncProperty(catalogue, async (sequences) => {
      const constraint = TokenTrie.of(sequences);
      const results = await beamSearch(policy, prompts, { constraint, width: sequences.length });
      for (const [p, beams] of results.entries()) {
        expect(beams.map(({ tokens }) => tokens.join()).sort()).toEqual(
          sequences.map((sequence) => sequence.join()).sort(),
        );
        for (const [k, { tokens, score, logprobs, place }] of beams.entries()) {
          expect(score).toBeCloseTo(scoreOf(policy, prompts[p]!, tokens), 4);
          expect(score).toBeCloseTo(
            logprobs.reduce((sum, x) => sum + x, 0),
            9,
          );
          expect(score).toBeLessThanOrEqual(beams[k - 1]?.score ?? 0);
          expect(constraint.find(tokens)).toBe(place);
        }
      }
    }),
    { numRuns: 15 },
  );
});

test('narrower it is beam search by the book', async () => {
  await fc.assert(
    fc.asyncProperty(catalogue, fc.integer({ min: 1, max: 4 }), async (sequences, width) => {
      const options = { constraint: TokenTrie.of(sequences), width };
      const results = await beamSearch(policy, [prompts[0]!], options);
      expect(found(results[0]!)).toEqual(
        plainBeams(sequences, prompts[0]!, width).map((tokens) => tokens.join()),
      );
    }),
    { numRuns: 15 },
  );
});

const someItems = [
  [0, 1, 2],
  [0, 1, 3],
  [0, 2, 2],
  [1, 0, 3],
  [2, 2, 2],
  [3, 1, 0],
];

test('company changes no result: prompts of other lengths, or none', async () => {
  const options = { constraint: TokenTrie.of(someItems), width: 4 };
  const together = await beamSearch(policy, prompts, options);
  for (const [p, prompt] of prompts.entries()) {
    const [alone] = await beamSearch(policy, [prompt], options);
    expect(found(alone!)).toEqual(found(together[p]!));
    for (const [k, { score }] of alone!.entries())
      expect(score).toBeCloseTo(together[p]![k]!.score, 4);
  }
});

test('a prompt full of item tokens leaves no step unconstrained', async () => {
  const constraint = TokenTrie.of(someItems);
  const tricky = [someItems.flat(), [...someItems[0]!, ...someItems[0]!], [0], [0, 1]];
  const results = await beamSearch(policy, tricky, { constraint, width: 6 });
  for (const beams of results) {
    expect(beams).toHaveLength(6);
    expect(new Set(found(beams)).size).toBe(6);
    for (const { tokens } of beams) expect(constraint.isEnd(constraint.find(tokens)!)).toBe(true);
  }
});

test('equal scores are told apart by rule: the lower token ids first', async () => {
  const even = tinyPolicy();
  noGrad(() => {
    for (const parameter of parameters(even.model).values()) parameter.mul_(0);
  });
  const [beams] = await beamSearch(even, [[1]], { constraint: TokenTrie.of(someItems), width: 4 });
  expect(found(beams!)).toEqual(['0,1,2', '0,1,3', '0,2,2', '1,0,3']);
});

test('renormalised under the constraint, the items’ probabilities add up to 1', async () => {
  const options = {
    constraint: TokenTrie.of(someItems),
    width: someItems.length,
    distribution: 'constrained',
  } as const;
  for (const temperature of [1, 0.5]) {
    for (const beams of await beamSearch(policy, prompts, { ...options, temperature })) {
      expect(beams.reduce((sum, { score }) => sum + Math.exp(score), 0)).toBeCloseTo(1, 5);
    }
  }
});

test.each([
  ['only few tokens of the vocabulary can begin an item', (token: number) => token % 2],
  ['most of the vocabulary can', (token: number) => token],
])('scores are those of training at any temperature, where %s', async (_, first) => {
  const items = Array.from({ length: 16 }, (__, token) => [first(token), token, END]);
  const constraint = TokenTrie.of(items);
  for (const temperature of [1, 0.5, 3]) {
    const options = { constraint, width: 16, distribution: 'constrained', temperature } as const;
    for (const [p, beams] of (await beamSearch(policy, prompts, options)).entries())
      for (const { tokens, allowed, score } of beams)
        expect(score).toBeCloseTo(scoreOf(policy, prompts[p]!, tokens, allowed, temperature), 4);
  }
});

test('renormalised, what must follow costs nothing: tokens, scores and sets are as if it were asked for', async () => {
  await fc.assert(
    fc.asyncProperty(catalogue, fc.integer({ min: 1, max: 6 }), async (sequences, width) => {
      const constraint = TokenTrie.of(sequences);
      const options = { constraint, width, distribution: 'constrained' } as const;
      const results = await beamSearch(policy, prompts, options);
      for (const [p, beams] of results.entries()) {
        expect(beams).toHaveLength(Math.min(width, sequences.length));
        for (const { tokens, logprobs, allowed, score, place } of beams) {
          expect(constraint.find(tokens)).toBe(place);
          const scored = scoreOf(policy, prompts[p]!, tokens, allowed);
          expect(score).toBeCloseTo(scored, 4);
          expect(logprobs).toHaveLength(tokens.length);
          for (const [t, set] of allowed.entries()) {
            expect(set).toContain(tokens[t]);
            if (set.length === 1) expect(logprobs[t]).toBeCloseTo(0, 9);
          }
        }
      }
    }),
    { numRuns: 15 },
  );
});

test('of fewer wanted results nothing changes but their number', async () => {
  const distribution = fc.constantFrom('full' as const, 'constrained' as const);
  const count = fc.integer({ min: 1, max: 6 });
  await fc.assert(
    fc.asyncProperty(catalogue, count, count, distribution, async (sequences, a, b, of) => {
      const [wanted, width] = [Math.min(a, b), Math.max(a, b)];
      const options = { constraint: TokenTrie.of(sequences), width, distribution: of };
      const all = await beamSearch(policy, prompts, options);
      const some = await beamSearch(policy, prompts, { ...options, wanted });
      for (const [p, beams] of some.entries()) {
        expect(found(beams)).toEqual(found(all[p]!.slice(0, wanted)));
        for (const [k, { score }] of beams.entries())
          expect(score).toBeCloseTo(all[p]![k]!.score, 4);
      }
    }),
    { numRuns: 25 },
  );
});

test('a catalogue smaller than the width gives all of it; no prompts give nothing', async () => {
  const options = { constraint: TokenTrie.of([[5, END]]), width: 3 };
  expect(found((await beamSearch(policy, [[1]], options))[0]!)).toEqual([`5,${END}`]);
  expect(await beamSearch(policy, [], options)).toEqual([]);
});

test('a constraint that gets stuck is an error, never an unconstrained step', async () => {
  const stuck: TokenConstraint = {
    start: 0,
    maxTokens: 2,
    allowed: (place) => Int32Array.from(place === 0 ? [3] : []),
    follow: () => 1,
    isEnd: () => false,
  };
  await expect(beamSearch(policy, [[1]], { constraint: stuck, width: 2 })).rejects.toThrow(
    RolloutError,
  );
});
