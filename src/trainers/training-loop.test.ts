import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  checkpointBytes,
  checkpointSteps,
  metricLines,
  timelessLines,
} from '../../test/support/run-files.ts';
import { promptExamples, temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { CheckpointError, ConfigError, EngineError } from '../errors.ts';
import type { Metrics } from '../metrics/index.ts';
import { parameters } from '../models/index.ts';
import type { Policy } from '../policy/index.ts';
import { readRunRecord } from '../runs/run-record.ts';
import { noGrad } from '../tensor/index.ts';
import {
  type OnTrainerEvent,
  type PolicyGradientTraining,
  type SupervisedExample,
  type SupervisedTraining,
  type TrainerEvent,
  type TrainResult,
  trainPolicyGradient,
  trainSupervised,
} from './index.ts';

const root = temporaryFolder();
let runs = 0;
const newFolder = () => join(root, `run-${runs++}`);

const rows: SupervisedExample[] = Array.from('abcdefgh', (letter, index) => ({
  example: { index, columns: {} },
  prompt: letter,
  completion: 'abcdefghijkl'.slice(index, index + 1 + (index % 4)),
}));

const supervised = (changes: Partial<SupervisedTraining>) =>
  trainSupervised({
    policy: tinyPolicy(),
    examples: rows,
    learningRate: 0.01,
    perDeviceTrainBatchSize: 3,
    maxSteps: 6,
    loggingSteps: 2,
    outputDir: newFolder(),
    console: null,
    ...changes,
  });

const byReward = (changes: Partial<PolicyGradientTraining>) =>
  trainPolicyGradient({
    policy: tinyPolicy(),
    examples: promptExamples(['b', 'cd', 'efg', 'h', 'ij']),
    reward: (completion) => completion.length,
    numGenerations: 4,
    perDeviceTrainBatchSize: 4,
    maxCompletionLength: 5,
    learningRate: 0.01,
    maxSteps: 6,
    loggingSteps: 2,
    outputDir: newFolder(),
    console: null,
    ...changes,
  });

type Train = (
  changes: Pick<
    SupervisedTraining,
    'outputDir' | 'resumeFromCheckpoint' | 'signal' | 'onEvent' | 'policy'
  >,
) => Promise<TrainResult>;

const kinds: [string, Train][] = [
  ['supervised', supervised],
  ['policy gradient', byReward],
  [
    'policy gradient with batches left over from a generation',
    (changes) =>
      byReward({
        ...changes,
        ...{ stepsPerGeneration: 4, numIterations: 2 },
        ...{ topP: 0.8, repetitionPenalty: 1.2, beta: 0.05 },
      }),
  ],
  [
    'policy gradient with a moving reference',
    (changes) =>
      byReward({
        ...changes,
        beta: 0.1,
        syncRefModel: true,
        refModelSyncSteps: 2,
        gradientAccumulationSteps: 2,
        topK: 6,
      }),
  ],
];

/** Aborts a run at the nth event of a kind. */
function abortAt(type: TrainerEvent['type'], count: number) {
  const controller = new AbortController();
  let seen = 0;
  const onEvent: OnTrainerEvent = (event) => {
    if (event.type === type && ++seen === count) controller.abort(new Error('stop'));
  };
  return { signal: controller.signal, onEvent };
}

/** Weights of another seed: a resumed run must take all of its own from the checkpoint. */
const otherPolicy = () => tinyPolicy({}, { seed: 99 });

for (const [name, train] of kinds) {
  test.each([
    ['in the middle of a step', 'step-start', 4],
    ['between two steps', 'step-end', 3],
    ['before the second step', 'step-start', 2],
  ] as const)(
    `${name}: stopped %s and resumed, a run ends in the same bits`,
    async (_, type, count) => {
      const [straight, stopped] = [newFolder(), newFolder()];
      await train({ outputDir: straight, policy: tinyPolicy() });
      const first = await train({
        outputDir: stopped,
        policy: tinyPolicy(),
        ...abortAt(type, count),
      });
      const done = type === 'step-start' ? count - 1 : count;
      expect(first).toMatchObject({ outcome: 'interrupted', step: done });
      expect(first.checkpoint).toBe(join(stopped, 'checkpoints', `checkpoint-${done}`));
      const again = { outputDir: stopped, resumeFromCheckpoint: true, policy: otherPolicy() };
      const second = await train(again);
      expect(second).toMatchObject({ outcome: 'finished', step: 6 });
      expect(checkpointBytes(stopped, 6)).toEqual(checkpointBytes(straight, 6));
      expect(timelessLines(stopped)).toEqual(timelessLines(straight));
      const { attempts } = readRunRecord(stopped);
      expect(attempts.map(({ outcome, fromStep }) => [outcome, fromStep])).toEqual([
        ['interrupted', 0],
        ['finished', done],
      ]);
    },
  );
}

test('sampling is interrupted too, and nothing of the broken step is kept', async () => {
  const [straight, stopped] = [newFolder(), newFolder()];
  const options = { numIterations: 2, stepsPerGeneration: 2 };
  await byReward({ outputDir: straight, ...options });
  await byReward({ outputDir: stopped, ...options, ...abortAt('rollout-end', 2) });
  await byReward({ outputDir: stopped, ...options, resumeFromCheckpoint: true });
  expect(checkpointBytes(stopped, 6)).toEqual(checkpointBytes(straight, 6));
});

test('an abort before the first step saves nothing', async () => {
  const result = await supervised({ signal: AbortSignal.abort() });
  expect(result).toMatchObject({ outcome: 'interrupted', step: 0, checkpoint: null });
  expect(checkpointSteps(result.folder)).toEqual([]);
});

test('an evaluation that an abort cut short is made up for', async () => {
  const [straight, stopped] = [newFolder(), newFolder()];
  const evaluation = { evalStrategy: 'steps', evalSteps: 2, evalExamples: rows } as const;
  await supervised({ outputDir: straight, ...evaluation });
  const controller = new AbortController();
  const evaluate = async (): Promise<Metrics> => {
    controller.abort(new Error('stop'));
    throw new Error('stop');
  };
  const { signal } = controller;
  await supervised({ outputDir: stopped, ...evaluation, evaluate, signal });
  await supervised({ outputDir: stopped, ...evaluation, resumeFromCheckpoint: true });
  expect(timelessLines(stopped)).toEqual(timelessLines(straight));
});

test('events of a supervised run come in order', async () => {
  const events: string[] = [];
  await supervised({
    maxSteps: 2,
    saveSteps: 1,
    evalStrategy: 'steps',
    evalSteps: 1,
    evalOnStart: true,
    evalExamples: rows,
    onEvent: (event) => events.push('step' in event ? `${event.type} ${event.step}` : event.type),
  });
  expect(events).toEqual([
    'run-start',
    'evaluation-end 0',
    ...[1, 2].flatMap((step) => [
      `step-start ${step}`,
      `step-end ${step}`,
      `evaluation-end ${step}`,
      `checkpoint-end ${step}`,
    ]),
    'run-end 2',
  ]);
});

test('a line is written every logging_steps and at the end, with the mean of the loss', async () => {
  const losses: number[] = [];
  const { folder } = await supervised({
    maxSteps: 5,
    onEvent: (event) => {
      if (event.type === 'step-end') losses.push(event.metrics.loss!);
    },
  });
  const lines = metricLines(folder);
  expect(lines.map(({ step }) => step)).toEqual([2, 4, 5]);
  const means = [(losses[0]! + losses[1]!) / 2, (losses[2]! + losses[3]!) / 2, losses[4]!];
  for (const [i, mean] of means.entries()) expect(lines[i]!['loss']).toBeCloseTo(mean, 12);
});

test('the learning rate is logged as used: linear from the peak towards 0', async () => {
  const { folder } = await supervised({ maxSteps: 4, loggingSteps: 1, warmupSteps: 1 });
  // Transformers' linear schedule: 0 at step 0 of 1 of warm-up, then (4 − s) / 3.
  const rates = metricLines(folder).map(({ learning_rate }) => learning_rate!);
  expect(rates).toBeAllClose([0, 0.01, (0.01 * 2) / 3, 0.01 / 3], { rtol: 1e-12 });
});

test('save_total_limit keeps the newest', async () => {
  const { folder } = await supervised({ saveSteps: 1, saveTotalLimit: 2 });
  expect(checkpointSteps(folder)).toEqual([5, 6]);
});

test('save_strategy no saves nothing, epoch at the end of each', async () => {
  expect(checkpointSteps((await supervised({ saveStrategy: 'no' })).folder)).toEqual([]);
  // 8 rows in threes: 3 steps an epoch.
  expect(checkpointSteps((await supervised({ saveStrategy: 'epoch' })).folder)).toEqual([3, 6]);
});

const weightsOf = (policy: Policy): number[] =>
  [...parameters(policy.model).values()].flatMap((parameter) => parameter.toArray());

/** Evaluations with given accuracies, and the weights each saw. */
function scripted(accuracies: number[]) {
  const seen: number[][] = [];
  const evaluate = async (policy: Policy): Promise<Metrics> => {
    seen.push(weightsOf(policy));
    return { accuracy: accuracies[seen.length - 1]! };
  };
  return { seen, evaluate };
}

const byAccuracy = {
  evalStrategy: 'steps',
  evalSteps: 1,
  maxSteps: 4,
  metricForBestModel: 'accuracy',
  loadBestModelAtEnd: true,
} as const;

test('the best model is kept, and loaded at the end', async () => {
  const policy = tinyPolicy();
  const { seen, evaluate } = scripted([0.2, 0.9, 0.4, 0.9]);
  const options = { ...byAccuracy, policy, evaluate, saveSteps: 1, saveTotalLimit: 1 };
  const result = await supervised(options);
  expect(result.bestMetric).toBe(0.9);
  expect(weightsOf(policy)).toEqual(seen[1]);
  expect(weightsOf(policy)).not.toEqual(seen[3]);
  expect(checkpointSteps(result.folder)).toEqual([2, 4]);
  expect(result.checkpoint).toBe(join(result.folder, 'checkpoints', 'checkpoint-2'));
});

test('a best model between two saves is saved as well', async () => {
  const policy = tinyPolicy();
  const { seen, evaluate } = scripted([0.9, 0.2, 0.4, 0.3]);
  const result = await supervised({ ...byAccuracy, policy, evaluate, saveSteps: 2 });
  expect(weightsOf(policy)).toEqual(seen[0]);
  expect(checkpointSteps(result.folder)).toEqual([1, 2, 4]);
});

test('an evaluation before the first step is never the best', async () => {
  const policy = tinyPolicy();
  const { seen, evaluate } = scripted([1, 0.2, 0.6, 0.4, 0.3]);
  const options = { ...byAccuracy, policy, evaluate, saveSteps: 1, evalOnStart: true };
  const result = await supervised(options);
  expect(result.bestMetric).toBe(0.6);
  expect(weightsOf(policy)).toEqual(seen[2]);
});

test('save_strategy best saves at each new best only', async () => {
  const { evaluate } = scripted([0.5, 0.4, 0.6, 0.6]);
  const result = await supervised({ ...byAccuracy, evaluate, saveStrategy: 'best' });
  expect(checkpointSteps(result.folder)).toEqual([1, 3]);
});

test('the lower loss is the better', async () => {
  const { folder, bestMetric } = await supervised({
    ...byAccuracy,
    metricForBestModel: 'loss',
    evalExamples: rows,
    saveSteps: 1,
  });
  const losses = metricLines(folder).flatMap(({ eval_loss }) => eval_loss ?? []);
  expect(bestMetric).toBe(Math.min(...losses));
});

const breakWeights = ({ model }: Policy) => noGrad(() => model.weights.norm.fill_(Number.NaN));

test('five steps in a row that are not finite stop the run with a checkpoint', async () => {
  const policy = tinyPolicy();
  breakWeights(policy);
  const [outputDir, warnings] = [newFolder(), [] as string[]];
  const training = supervised({
    policy,
    outputDir,
    maxSteps: 20,
    loggingSteps: 1,
    onEvent: (event) => {
      if (event.type === 'warning') warnings.push(event.message);
    },
  });
  await expect(training).rejects.toThrow(EngineError);
  expect(warnings.length).toBe(5);
  expect(warnings[0]).toMatch(
    /^step 1 was skipped: the loss of micro-batch 0 is NaN: \w+ of its sequence 0$/,
  );
  expect(checkpointSteps(outputDir)).toEqual([5]);
  const lines = metricLines(outputDir);
  expect(lines.map(({ nonfinite_steps }) => nonfinite_steps)).toEqual([1, 2, 3, 4, 5]);
  expect(lines[0]!['loss']).toBeNull();
  expect(readRunRecord(outputDir).attempts[0]).toMatchObject({
    outcome: 'failed',
    reason: expect.stringMatching(/5 steps in a row/),
  });
});

test('one step that is not finite is skipped, and the run goes on', async () => {
  const policy = tinyPolicy();
  const whole = weightsOf(policy);
  const norm = policy.model.weights.norm.toArray();
  let spoilt: number[] = [];
  const result = await supervised({
    policy,
    maxSteps: 8,
    loggingSteps: 1,
    onEvent: (event) => {
      if (event.type === 'step-start' && event.step === 1) breakWeights(policy);
      if (event.type !== 'step-end' || event.step !== 1) return;
      spoilt = policy.model.weights.norm.toArray();
      noGrad(() => policy.model.weights.norm.fill_(norm[0]!));
      expect(weightsOf(policy)).toEqual(whole);
    },
  });
  expect(spoilt.every(Number.isNaN)).toBe(true);
  expect(result.outcome).toBe('finished');
  expect(metricLines(result.folder).at(-1)!['nonfinite_steps']).toBe(1);
});

test('a checkpoint of another architecture is refused and its run left as it was', async () => {
  const { folder } = await supervised({ saveSteps: 2 });
  const files = ['metrics.jsonl', 'run.json', 'config.yaml'].map((name) => join(folder, name));
  const contents = () => files.map((file) => readFileSync(file, 'utf8'));
  const before = [contents(), checkpointSteps(folder)];
  const at = join(folder, 'checkpoints', 'checkpoint-2');
  const resuming = supervised({ policy: tinyPolicy({ hiddenSize: 8 }), resumeFromCheckpoint: at });
  await expect(resuming).rejects.toThrow(CheckpointError);
  await expect(resuming).rejects.toThrow(
    /expected \[20, 8\]; the checkpoint is of another architecture/,
  );
  expect([contents(), checkpointSteps(folder)]).toEqual(before);
});

test('a run of one trainer is not resumed by another', async () => {
  const { folder } = await supervised({});
  const resuming = byReward({ resumeFromCheckpoint: folder });
  await expect(resuming).rejects.toThrow(/was saved by sft, and grpo cannot resume it/);
});

test('a checkpoint that was cut short is refused', async () => {
  const { folder } = await supervised({});
  const file = join(folder, 'checkpoints', 'checkpoint-6', 'model.safetensors');
  writeFileSync(file, readFileSync(file).subarray(0, -100));
  const resuming = supervised({ resumeFromCheckpoint: folder });
  await expect(resuming).rejects.toThrow(CheckpointError);
});

test('resuming needs a folder that can be named', async () => {
  const nameless = { outputDir: null, resumeFromCheckpoint: true };
  await expect(supervised(nameless)).rejects.toThrow(ConfigError);
  const missing = supervised({ resumeFromCheckpoint: join(root, 'nowhere') });
  await expect(missing).rejects.toThrow(/there is no such checkpoint or run folder/);
});

test('a folder that holds a run is not written over', async () => {
  const { folder } = await supervised({});
  await expect(supervised({ outputDir: folder })).rejects.toThrow(/holds a run already/);
});

test('an error in a listener ends the run as failed and frees its folder', async () => {
  const outputDir = newFolder();
  const onEvent: OnTrainerEvent = (event) => {
    if (event.type === 'step-end') throw new Error('listener');
  };
  await expect(supervised({ outputDir, onEvent })).rejects.toThrow('listener');
  expect(readRunRecord(outputDir).attempts[0]).toMatchObject({ outcome: 'failed' });
  expect(existsSync(join(outputDir, 'run.lock'))).toBe(false);
});
