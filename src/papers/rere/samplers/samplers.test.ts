import { expect, test } from 'vitest';
import { tinyPolicy } from '../../../../test/support/tiny-policy.ts';
import { resolveSampling } from '../../../policy/index.ts';
import { type DrawOptions, TokenTrie } from '../../../rollouts/index.ts';
import { Generator } from '../../../tensor/index.ts';
import type { Prompt, Rollout } from '../../../types.ts';
import {
  beamGroups,
  constrainedGroups,
  dynamicGroups,
  selectDiverse,
  withTarget,
} from './index.ts';

const policy = tinyPolicy();
const paths = [[0, 1, 2], [0, 1, 3], [0, 2], [1, 0, 3], [2], [3, 1, 0, 5]];
const trie = TokenTrie.of(paths);

const prompt = (tokens: readonly number[], target: readonly number[]): Prompt => ({
  example: { index: 0, columns: { target_tokens: target } },
  source: '',
  text: '',
  tokens,
});

const options = (changes: Partial<DrawOptions> = {}): DrawOptions => ({
  groupSize: 4,
  sampling: resolveSampling({ maxCompletionLength: 4, logprobDistribution: 'full' }),
  generator: new Generator(3),
  signal: new AbortController().signal,
  step: 1,
  ...changes,
});

const rollout = (...tokens: number[]): Rollout => ({
  tokens,
  text: '',
  logprobs: tokens.map(() => -1),
  finishReason: 'stop',
});

const isPath = ({ tokens }: Rollout) => paths.some((path) => path.join() === tokens.join());
const scoreOf = ({ logprobs }: Rollout) => logprobs.reduce((sum, logprob) => sum + logprob, 0);

test('of more completions the target’s copies stay first, then each other item in turns by frequency', () => {
  // Copies: target [9] twice, [1] three times, [2] twice, [3] once.
  const drawn = [[1], [2], [9], [1], [3], [2], [1], [9]].map((tokens) => rollout(...tokens));
  const kept = (size: number) => selectDiverse(drawn, [9], size).map(({ tokens }) => tokens[0]);
  expect(kept(5)).toEqual([9, 9, 1, 2, 3]);
  expect(kept(7)).toEqual([9, 9, 1, 2, 3, 1, 2]);
  expect(kept(1)).toEqual([9]);
});

test('without the target all turns go to the others; equally frequent ones as they came', () => {
  const drawn = [[4], [5], [4], [6], [5]].map((tokens) => rollout(...tokens));
  const kept = selectDiverse(drawn, [9], 4).map(({ tokens }) => tokens[0]);
  expect(kept).toEqual([4, 5, 6, 4]);
});

test('dynamic groups have the wanted size and only paths', async () => {
  const [group] = await dynamicGroups(trie)(policy, [prompt([3, 4], [2])], options());
  expect(group!.rollouts).toHaveLength(4);
  expect(group!.rollouts.every(isPath)).toBe(true);
});

test('a beam group is every path, likeliest first, where the group is as large as the catalogue', async () => {
  const [group] = await beamGroups(trie)(policy, [prompt([3, 4], [2])], options({ groupSize: 8 }));
  const rollouts = group!.rollouts;
  expect(rollouts.map(({ tokens }) => tokens.join()).sort()).toEqual(paths.map(String).sort());
  const scores = rollouts.map(scoreOf);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
});

test('the text of a beam’s completion is decoded when it is first read, and kept', async () => {
  let decoded = 0;
  const tokenizer = Object.create(policy.tokenizer) as typeof policy.tokenizer;
  tokenizer.decode = (tokens) => {
    decoded++;
    return policy.tokenizer.decode(tokens);
  };
  const counting = Object.create(policy, { tokenizer: { value: tokenizer } }) as typeof policy;
  const [group] = await beamGroups(trie)(counting, [prompt([3, 4], [2])], options());
  expect(decoded).toBe(0);
  const read = () => group!.rollouts.map(({ text }) => text);
  expect(read()).toEqual(group!.rollouts.map(({ tokens }) => policy.tokenizer.decode(tokens)));
  expect(read()).toEqual(read());
  expect(decoded).toBe(group!.rollouts.length);
});

test('many prompts in portions are the same groups as each alone', async () => {
  const prompts = [prompt([3, 4], [2]), prompt([5], [2]), prompt([1, 2, 3], [2])];
  const beam = beamGroups(trie);
  const together = await beam(policy, prompts, options({ batchRows: 8 }));
  for (const [p, one] of prompts.entries()) {
    const [alone] = await beam(policy, [one], options());
    const tokensOf = ({ rollouts }: typeof alone & object) => rollouts.map(({ tokens }) => tokens);
    expect(tokensOf(together[p]!)).toEqual(tokensOf(alone!));
  }
});

test.each(['full', 'sampled'] as const)(
  'the target in the last place has the log-probabilities that the policy gives it, %s',
  async (logprobDistribution) => {
    const sampling = resolveSampling({ maxCompletionLength: 4, logprobDistribution });
    const asked = [prompt([3, 4], [3, 1, 0, 5])];
    const drawing = options({ groupSize: 6, sampling });
    const [group] = await withTarget(beamGroups(trie), trie)(policy, asked, drawing);
    const last = group!.rollouts.at(-1)!;
    expect(last.tokens).toEqual([3, 1, 0, 5]);
    // A beam of all paths has the target too, with log-probabilities found another way.
    const [all] = await beamGroups(trie)(policy, asked, drawing);
    const found = all!.rollouts.find(({ tokens }) => tokens.length === 4)!;
    for (const [t, logprob] of last.logprobs.entries())
      expect(logprob).toBeCloseTo(found.logprobs[t]!, 4);
  },
);

test('a target outside the catalogue is refused', async () => {
  const draw = withTarget(beamGroups(trie), trie);
  await expect(draw(policy, [prompt([3], [7])], options())).rejects.toThrow(
    /\[7\] are not the tokens of items/,
  );
});

test('fault of the published code: a prefix hash leaves steps unconstrained; here every step of every row is constrained', async () => {
  // Its dictionary misses prefixes where prompts tokenise otherwise, and then allows the whole vocabulary. Prompts of any
  // tokens, those of the catalogue among them, cannot change what is allowed here.
  const prompts = [[0, 1, 2], [3, 1, 0], [15, 15, 15], [2]].map((tokens) => prompt(tokens, [2]));
  for (const sampler of [constrainedGroups(trie), beamGroups(trie), dynamicGroups(trie)])
    for (const { rollouts } of await sampler(policy, prompts, options()))
      expect(rollouts.every(isPath)).toBe(true);
});

test('fault of the published code: −1e6 lets an all-disallowed beam survive; here a short list is short', async () => {
  // Eight beams among six paths: masks would fill the group with items that are none.
  const [group] = await beamGroups(trie)(policy, [prompt([3], [2])], options({ groupSize: 8 }));
  expect(group!.rollouts).toHaveLength(6);
  for (const { logprobs } of group!.rollouts)
    for (const logprob of logprobs) expect(logprob).toBeGreaterThan(-1000);
});
