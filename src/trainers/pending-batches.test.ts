import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/support/tiny-policy.ts';
import { keptTokensOf, type TrainSequence } from '../batches/index.ts';
import { readPendingBatches, writePendingBatches } from './pending-batches.ts';

const folder = temporaryFolder();
const file = join(folder, 'pending.safetensors');

/** Values that only keep their bits as float64, and one that JSON has no word for. */
const first: TrainSequence = {
  tokens: [5, 6, 7, 8],
  promptLength: 1,
  completionMask: [1, 0, 1],
  oldLogprobs: [-0.1, Number.NaN, -1 / 3],
  advantages: [Math.PI, 0, -1e-300],
  keptTokens: keptTokensOf([[6], [], [8, 151_935]]),
  origin: { step: 12, completion: 3 },
};
const second: TrainSequence = {
  tokens: [9, 10],
  promptLength: 1,
  completionMask: [1],
  oldLogprobs: [-0.2],
  advantages: [0.5],
  keptTokens: keptTokensOf([[10, 3]]),
  origin: { step: 12, completion: 0 },
};

test('what waits comes back as it was, each micro-batch once however often it waits', () => {
  const [one, two] = [[first, second], [second]];
  const pending = [
    { sequences: one, tokenShare: 0.1 },
    { sequences: two, tokenShare: 0.7 },
    { sequences: one, tokenShare: 0.1 },
  ];
  writePendingBatches(file, pending);
  const read = readPendingBatches(file, 3);
  expect(read).toEqual(pending);
  expect(read[0]!.sequences).toBe(read[2]!.sequences);
});

test('sequences without optional fields come back without them', () => {
  const bare = { tokens: [1, 2], promptLength: 1, completionMask: [1] };
  writePendingBatches(file, [{ sequences: [bare], tokenShare: 1 }]);
  expect(readPendingBatches(file, 1)).toEqual([{ sequences: [bare], tokenShare: 1 }]);
});

test('a kept id takes four bytes', () => {
  const wide = {
    ...second,
    keptTokens: keptTokensOf([Int32Array.from({ length: 50_000 }).keys()].map((ids) => [...ids])),
  };
  writePendingBatches(file, [{ sequences: [wide], tokenShare: 1 }]);
  expect(statSync(file).size).toBeLessThan(4 * 50_000 + 2_000);
});

test('where nothing waits no file is written, and a missing one is told', () => {
  rmSync(file, { force: true });
  writePendingBatches(file, []);
  expect(readPendingBatches(file, 0)).toEqual([]);
  expect(() => readPendingBatches(file, 2)).toThrow(
    /holds 0 waiting micro-batches and its checkpoint counts 2/,
  );
  expect(() => readPendingBatches(file, { micros: [], order: [] })).toThrow(/another version/);
});

test('a field that only some sequences have is refused', () => {
  const { keptTokens: _, ...uncut } = second;
  const pending = [{ sequences: [first, uncut], tokenShare: 1 }];
  expect(() => writePendingBatches(file, pending)).toThrow(/1 of 2 sequences have keptTokens/);
});
