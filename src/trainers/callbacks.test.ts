import { expect, test } from 'vitest';
import {
  checkpointBytes,
  checkpointSteps,
  metricLines,
  timelessLines,
} from '../../test/support/run-files.ts';
import { temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { ConfigError } from '../errors.ts';
import { Policy } from '../policy/index.ts';
import { modelCheckpoint, readRunRecord } from '../runs/index.ts';
import {
  type SupervisedTraining,
  type TrainerCallback,
  type TrainerEvent,
  trainSupervised,
} from './index.ts';

const root = temporaryFolder();
let runs = 0;
const newFolder = () => `${root}/run-${runs++}`;

const examples = Array.from('abcdefgh', (letter, index) => ({
  example: { index, columns: {} },
  prompt: letter,
  completion: 'abcdefghijkl'.slice(index, index + 1 + (index % 4)),
}));

const train = (changes: Partial<SupervisedTraining>) =>
  trainSupervised({
    policy: tinyPolicy(),
    examples,
    learningRate: 0.01,
    perDeviceTrainBatchSize: 3,
    maxSteps: 8,
    loggingSteps: 1,
    saveSteps: 1,
    outputDir: newFolder(),
    console: null,
    ...changes,
  });

interface Counting {
  /** Asks to stop once it has run so often. */
  readonly stopAfter?: number;
  readonly best?: number | null;
}

/** Counts how often it ran, every second step; asks to stop, and holds on to the checkpoint it names as best. */
function counting({ stopAfter, best = null }: Counting = {}): TrainerCallback {
  let state = { runs: 0, lastStep: -1 };
  return {
    name: 'counting',
    isDue: (step) => step % 2 === 0 && step !== state.lastStep,
    async run({ step }) {
      state = { runs: state.runs + 1, lastStep: step };
      return { 'custom/runs': state.runs };
    },
    state: () => state,
    restore(saved) {
      state = saved as typeof state;
    },
    stopRequest: () =>
      state.runs === stopAfter ? { reason: 'it ran often enough', bestStep: best } : undefined,
    keeps: (saved) => saved.filter((step) => step === best),
  };
}

const logged = (run: string) =>
  metricLines(run).flatMap((line) =>
    'custom/runs' in line ? [[line.step, line['custom/runs']] as const] : [],
  );

test('a callback runs before the first step and after each it asks for, and logs lines of its own', async () => {
  const events: TrainerEvent[] = [];
  const { folder, metrics } = await train({
    maxSteps: 4,
    callbacks: [counting()],
    onEvent: (event) => events.push(event),
  });
  expect(logged(folder)).toEqual([
    [0, 1],
    [2, 2],
    [4, 3],
  ]);
  expect(metrics).toMatchObject({ 'custom/runs': 3 });
  expect(events.filter(({ type }) => type === 'callback-end')).toHaveLength(3);
});

test('one that asks to stop ends the run with the checkpoint it names, and the record says why', async () => {
  const policy = tinyPolicy();
  const result = await train({
    policy,
    saveTotalLimit: 1,
    callbacks: [counting({ stopAfter: 4, best: 3 })],
  });
  expect(result).toMatchObject({
    outcome: 'finished',
    step: 6,
    stop: { reason: 'it ran often enough', bestStep: 3 },
  });
  // save_total_limit keeps the newest; the third was held on to.
  expect(checkpointSteps(result.folder)).toEqual([3, 6]);
  expect(result.checkpoint).toBe(`${result.folder}/checkpoints/checkpoint-3`);
  expect(modelCheckpoint(result.folder).step).toBe(3);
  expect(readRunRecord(result.folder).attempts[0]).toMatchObject({
    outcome: 'finished',
    reason: 'stopped early: it ran often enough',
    lastStep: 6,
    bestStep: 3,
  });
  const prompt = 'abc';
  const completion = { tokens: [1, 2, 3] };
  expect(policy.score(prompt, [completion])).toEqual(
    Policy.load(result.checkpoint!).score(prompt, [completion]),
  );
});

test('the nearest checkpoint before the best step is taken, and where there is none it is said', async () => {
  const nearest = await train({
    saveSteps: 2,
    callbacks: [counting({ stopAfter: 4, best: 5 })],
  });
  expect(nearest.checkpoint).toMatch(/checkpoint-4$/);
  const events: TrainerEvent[] = [];
  const none = await train({
    saveSteps: 6,
    callbacks: [counting({ stopAfter: 4, best: 5 })],
    onEvent: (event) => events.push(event),
  });
  expect(none.checkpoint).toMatch(/checkpoint-6$/);
  expect(events).toContainEqual({
    type: 'warning',
    message:
      'no checkpoint of step 5 or before it is there; finishing with the weights of the last step',
  });
});

test.each([
  ['before a callback has run', (event: TrainerEvent) => event.type === 'step-end'],
  ['after it', (event: TrainerEvent) => event.type === 'callback-end'],
])('interrupted at step 4 %s and resumed, a run ends in the same bits and lines', async (_, at) => {
  const options = { maxSteps: 6, callbacks: [counting()] };
  const straight = await train(options);
  const stop = new AbortController();
  const outputDir = newFolder();
  const interrupted = await train({
    ...options,
    outputDir,
    callbacks: [counting()],
    signal: stop.signal,
    onEvent: (event) => at(event) && 'step' in event && event.step === 4 && stop.abort(),
  });
  expect(interrupted).toMatchObject({ outcome: 'interrupted', step: 4 });
  const resumed = await train({
    ...options,
    policy: tinyPolicy({}, { seed: 99 }),
    callbacks: [counting()],
    outputDir,
    resumeFromCheckpoint: true,
  });
  expect(resumed).toMatchObject({ outcome: 'finished', step: 6 });
  expect(checkpointBytes(outputDir, 6)).toEqual(checkpointBytes(straight.folder, 6));
  expect(timelessLines(outputDir)).toEqual(timelessLines(straight.folder));
});

test('a run that was stopped early stays stopped when resumed, and goes on without the callback', async () => {
  const outputDir = newFolder();
  await train({ outputDir, callbacks: [counting({ stopAfter: 2, best: 1 })] });
  const again = { outputDir, resumeFromCheckpoint: true };
  const stopped = await train({ ...again, callbacks: [counting({ stopAfter: 2, best: 1 })] });
  expect(stopped).toMatchObject({ step: 2, stop: { bestStep: 1 } });
  const onwards = await train(again);
  expect(onwards).toMatchObject({ outcome: 'finished', step: 8 });
  expect(onwards.stop).toBeUndefined();
});

test('two callbacks of one name are refused', async () => {
  await expect(train({ callbacks: [counting(), counting()] })).rejects.toThrow(ConfigError);
});
