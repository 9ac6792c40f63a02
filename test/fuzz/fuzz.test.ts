import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { attempt, memoryBound, prepareFolder } from './attempt.ts';
import { inputAt, targets } from './inputs.ts';

// `npm run fuzz` reads a hundred thousand; these few keep the readers' promises between two such runs.
const INPUTS = 200;
const SEED = 5;

const root = mkdtempSync(join(tmpdir(), 'laurel-fuzz-test-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test.each(targets)('$name: mutated files are read or refused, naming the file', async (target) => {
  const folder = prepareFolder(target, root);
  let accepted = 0;
  for (let index = 0; index < INPUTS; index++) {
    const input = inputAt(target, SEED, index);
    const outcome = await attempt(target, input, folder);
    expect(outcome.problem, `input ${index}`).toBeUndefined();
    // Garbage of the test runner itself is in this number too; `npm run fuzz` measures in a process of its own.
    expect(outcome.growthBytes, `input ${index}`).toBeLessThan(
      2 * memoryBound(target, input.length),
    );
    if (outcome.accepted) accepted++;
  }
  expect(accepted).toBeGreaterThan(0);
  expect(accepted).toBeLessThanOrEqual(INPUTS);
});

test.each(targets)('$name: every seed is read to its end', async (target) => {
  const folder = prepareFolder(target, root);
  for (const seed of target.seeds) {
    const { accepted, problem } = await attempt(target, seed, folder);
    expect(problem).toBeUndefined();
    if (target.name !== 'yaml') expect(accepted).toBe(true);
  }
});

test('an input is the same whenever it is asked for', () => {
  for (const target of targets) {
    for (const index of [0, 1, 17]) {
      expect(inputAt(target, 3, index).equals(inputAt(target, 3, index))).toBe(true);
      expect(inputAt(target, 3, index).equals(inputAt(target, 4, index))).toBe(false);
    }
  }
});
