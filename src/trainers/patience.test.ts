import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { type SupervisedExample, type SupervisedTraining, trainSupervised } from './index.ts';

const root = temporaryFolder();
let runs = 0;
const newFolder = () => join(root, `run-${runs++}`);

const rows: SupervisedExample[] = Array.from({ length: 8 }, (_, index) => ({
  example: { index, columns: {} },
  tokens: [index, index + 1, index + 2],
  mask: [0, 1, 1],
}));

/** Trains with these values as its held-out measurements, one after the other. */
const withAccuracies = (values: readonly number[], changes: Partial<SupervisedTraining> = {}) => {
  let asked = 0;
  return trainSupervised({
    policy: tinyPolicy(),
    examples: rows,
    learningRate: 0.01,
    perDeviceTrainBatchSize: 3,
    outputDir: newFolder(),
    console: null,
    maxSteps: values.length,
    evalStrategy: 'steps',
    evalSteps: 1,
    saveSteps: 1,
    metricForBestModel: 'accuracy',
    loadBestModelAtEnd: true,
    earlyStoppingPatience: 2,
    evaluate: async () => ({ accuracy: values[asked++]! }),
    ...changes,
  });
};

test('patience ends a run after as many evaluations that bring no better one, with the best weights', async () => {
  // Best at step 2; step 3 is equal, which is not better; step 4 makes two in a row.
  const result = await withAccuracies([0.1, 0.4, 0.4, 0.3, 0.9, 0.9]);
  expect(result).toMatchObject({ outcome: 'finished', step: 4, bestMetric: 0.4 });
  expect(result.checkpoint).toMatch(/checkpoint-2$/);
  expect(result.stop).toEqual({
    reason: 'accuracy was best at step 2 (0.4000); 2 evaluations since brought no better',
    bestStep: 2,
  });
});

test('a new best takes up the whole patience again', async () => {
  const result = await withAccuracies([0.1, 0.05, 0.2, 0.1, 0.3, 0.2]);
  expect(result).toMatchObject({ step: 6, bestMetric: 0.3 });
  expect(result.stop).toBeUndefined();
});

test('a resumed run goes on counting evaluations where it stood', async () => {
  const stop = new AbortController();
  const options = { outputDir: newFolder(), maxSteps: 8, evalSteps: 2, saveSteps: 2 };
  const first = await withAccuracies([0.4, 0.3], {
    ...options,
    signal: stop.signal,
    onEvent: (event) => {
      if (event.type === 'step-end' && event.step === 5) stop.abort();
    },
  });
  expect(first).toMatchObject({ outcome: 'interrupted', step: 5 });
  const second = await withAccuracies([0.2, 0.1], { ...options, resumeFromCheckpoint: true });
  // Steps 4 and 6 were no better than step 2.
  expect(second.step).toBe(6);
  expect(second.stop).toMatchObject({ bestStep: 2 });
});

test('patience without a metric to wait for is refused', async () => {
  await expect(
    trainSupervised({
      policy: tinyPolicy(),
      examples: rows,
      learningRate: 0.01,
      perDeviceTrainBatchSize: 3,
      outputDir: newFolder(),
      console: null,
      evalStrategy: 'epoch',
      evalExamples: rows,
      earlyStoppingPatience: 2,
    }),
  ).rejects.toThrow(/earlyStoppingPatience|early_stopping_patience/);
});
