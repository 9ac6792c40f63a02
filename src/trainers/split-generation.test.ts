import { expect, test } from 'vitest';
import type { RolloutGroup } from '../types.ts';
import { splitByGroup, splitShuffled } from './split-generation.ts';

const sequence = (token: number) => ({ tokens: [0, token], promptLength: 1, completionMask: [1] });
const groupOf = (size: number): RolloutGroup => ({
  prompt: { example: { index: 0, columns: {} }, source: '', text: '', tokens: [0] },
  rollouts: Array.from({ length: size }, () => ({
    tokens: [1],
    text: '',
    logprobs: [0],
    finishReason: 'stop',
  })),
});

const ids = (micros: readonly (readonly { tokens: readonly number[] }[])[]) =>
  micros.map((micro) => micro.map(({ tokens }) => tokens[1]));

const sequences = (count: number) => Array.from({ length: count }, (_, i) => sequence(i));

test('groups stay together where they divide into micro-batches, also short ones', () => {
  const groups = [groupOf(3), groupOf(1), groupOf(2), groupOf(3)];
  expect(ids(splitByGroup(sequences(9), groups, { pieces: 2, size: 6 }))).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7, 8],
  ]);
});

test('one group is cut into as many micro-batches as wanted, the last ones empty where it is short', () => {
  expect(ids(splitByGroup(sequences(3), [groupOf(3)], { pieces: 3, size: 2 }))).toEqual([
    [0, 1],
    [2],
    [],
  ]);
});

test('shuffled micro-batches hold every sequence once', () => {
  const micros = ids(splitShuffled(sequences(8), { pieces: 3, size: 3, seed: 1, generation: 0 }));
  expect(micros.map(({ length }) => length)).toEqual([3, 3, 2]);
  expect(micros.flat().sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});
