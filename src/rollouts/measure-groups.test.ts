import { expect, test } from 'vitest';
import { letters } from '../../test/support/tiny-policy.ts';
import { RolloutError } from '../errors.ts';
import type { Prompt, RolloutGroup } from '../types.ts';
import { assertGroups, makePrompt, measureGroups } from './index.ts';

const promptOf = (wanted?: readonly number[]): Prompt => ({
  example: { index: 0, columns: { wanted } },
  source: '',
  text: '',
  tokens: [0],
});

const group = (
  completions: readonly (readonly number[])[],
  wanted?: readonly number[],
): RolloutGroup => ({
  prompt: promptOf(wanted),
  rollouts: completions.map((tokens) => ({
    tokens,
    text: '',
    logprobs: tokens.map(() => 0),
    finishReason: 'stop',
  })),
});

const wanted = ({ example }: Prompt) => example.columns['wanted'] as number[] | undefined;

test('groups are measured by their tokens and rewards', () => {
  const groups = [
    group(
      [
        [1, 2],
        [1, 2],
        [3, 2],
      ],
      [3, 2],
    ),
    group([[4], [5], [6]], [7]),
  ];
  const rewards = [
    [0, 0, 1],
    [2, null, 2],
  ];
  expect(measureGroups(groups, rewards, { wanted })).toEqual({
    // 2 of 3 and 3 of 3 different.
    'rollout/group_diversity': (2 / 3 + 1) / 2,
    // Tokens 1, 2, 3 among six; 4, 5, 6 among three.
    'rollout/token_diversity': (3 / 6 + 1) / 2,
    // The second group's rewards that are there are equal.
    'rollout/signal_rate': 0.5,
    'rollout/hit_rate': 0.5,
  });
});

test('without a wanted completion there is no hit rate', () => {
  expect(measureGroups([group([[1]])], [[1]], { wanted })).not.toHaveProperty('rollout/hit_rate');
});

test('a group of each prompt, in order and of a size that was asked for', () => {
  const groups = [group([[1], [2]]), group([[3]])];
  const prompts = groups.map(({ prompt }) => prompt);
  expect(() => assertGroups(groups, prompts, 2)).not.toThrow();
  expect(() => assertGroups(groups, prompts, 1)).toThrow(/found 2 for prompt 0/);
  expect(() => assertGroups(groups.slice(0, 1), prompts, 2)).toThrow(RolloutError);
  expect(() => assertGroups([...groups, groups[0]!], prompts, 2)).toThrow(/3 groups for 2 prompts/);
});

test('a prompt of tokens is read as it is, and has its text', () => {
  const example = { index: 4, columns: {} };
  const prompt = makePrompt({ example, tokens: [0, 1] }, letters);
  expect(prompt.tokens).toEqual([0, 1]);
  expect(prompt.text).toBe('ab');
  expect(() => makePrompt({ example, tokens: [] }, letters)).toThrow(/row 4: the prompt is empty/);
});
