import { expect, test } from 'vitest';
import type { TrainSequence } from '../batches/index.ts';
import { besideTheirGroup, sequencesPerStep } from './beside-their-group.ts';
import { splitShuffled } from './split-generation.ts';

const completing = (prompt: number, token: number): TrainSequence => ({
  tokens: [prompt, 0, token],
  promptLength: 2,
  completionMask: [1],
});
const sequences = [
  [1, 10],
  [2, 20],
  [1, 11],
  [3, 30],
  [2, 21],
  [1, 12],
  [3, 31],
  [2, 22],
].map(([prompt, token]) => completing(prompt!, token!));
const lastTokens = (of: TrainSequence[]) => of.map(({ tokens }) => tokens.at(-1));

test('completions of one prompt stand together within their optimiser step, and none changes its step', () => {
  expect(lastTokens(besideTheirGroup(sequences, 8))).toEqual([10, 11, 12, 20, 21, 22, 30, 31]);
  // Two steps of four: 10 20 11 30 and 21 12 31 22.
  expect(lastTokens(besideTheirGroup(sequences, 4))).toEqual([10, 11, 20, 30, 21, 22, 12, 31]);
  expect(besideTheirGroup(sequences, 1)).toEqual(sequences);
});

test('a step is known where steps end with generations, or divide them', () => {
  // A generation of 24 sequences in 4 micro-batches of 6.
  const perStep = (piecesPerStep?: number) =>
    sequencesPerStep({ pieces: 4, size: 6, piecesPerStep });
  expect([4, 8, 2, 1, 3, undefined].map(perStep)).toEqual([24, 24, 12, 6, 1, 1]);
});

test('a shuffled generation deals the same sequences to each step, and groups of them to its micro-batches', () => {
  const many = Array.from({ length: 24 }, (_, i) => completing(1 + (i % 4), 10 + i));
  const options = { pieces: 4, size: 6, seed: 3, generation: 5 };
  const plain = splitShuffled(many, options);
  const grouped = splitShuffled(many, { ...options, piecesPerStep: 2 });
  expect(grouped.map(({ length }) => length)).toEqual([6, 6, 6, 6]);
  for (const first of [0, 2]) {
    const step = (of: readonly (readonly TrainSequence[])[]) => of.slice(first, first + 2).flat();
    expect(new Set(step(grouped))).toEqual(new Set(step(plain)));
    const prompts = step(grouped).map(({ tokens }) => tokens[0]);
    const changes = prompts.filter((prompt, i) => i > 0 && prompt !== prompts[i - 1]).length;
    expect(changes).toBe(new Set(prompts).size - 1);
  }
});
