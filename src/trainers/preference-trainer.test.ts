import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { checkpointBytes, metricLines } from '../../test/support/run-files.ts';
import { temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import type { PreferenceExample } from '../data/index.ts';
import { parameters } from '../models/index.ts';
import { readSafetensors, tidy } from '../tensor/index.ts';
import { type PreferenceTraining, type TrainerEvent, trainPreference } from './index.ts';
import { writeReferenceLogprobs } from './reference-logprobs-file.ts';

const root = temporaryFolder();
let runs = 0;
const folder = () => join(root, `run-${runs++}`);

const after = (letter: string, distance: number): string =>
  String.fromCharCode(letter.charCodeAt(0) + distance);

/** The letter after the prompt's is better than the one after that, and lengths differ. */
const examples: PreferenceExample[] = Array.from('abcdefgh', (letter, index) => ({
  example: { index, columns: {} },
  prompt: letter.repeat(1 + (index % 3)),
  chosen: after(letter, 1).repeat(1 + (index % 2)),
  rejected: after(letter, 2).repeat(1 + (index % 4)),
}));

const train = (changes: Partial<PreferenceTraining> = {}) =>
  trainPreference({
    policy: tinyPolicy({ initializerRange: 0.1 }),
    examples,
    learningRate: 0.01,
    perDeviceTrainBatchSize: 8,
    maxSteps: 6,
    loggingSteps: 1,
    outputDir: folder(),
    console: null,
    ...changes,
  });

test('training starts at no preference, and the better completions win', async () => {
  const result = await train({ maxSteps: 25 });
  const lines = metricLines(result.folder);
  // Policy and reference are the same at first: −log σ(0) = ln 2.
  expect(lines[0]!['loss']).toBeCloseTo(Math.LN2, 6);
  expect(lines[0]!['rewards/margins']).toBeCloseTo(0, 6);
  expect(lines.at(-1)!['loss']).toBeLessThan(0.3);
  expect(lines.at(-1)!['rewards/accuracies']).toBe(1);
});

test('metrics carry TRL’s names, in training and in evaluation', async () => {
  const result = await train({
    maxSteps: 2,
    evalStrategy: 'steps',
    evalSteps: 1,
    evalExamples: examples,
  });
  const [line, evaluation] = metricLines(result.folder);
  const sides = ['rewards', 'logps', 'logits'].flatMap((group) => [
    `${group}/chosen`,
    `${group}/rejected`,
  ]);
  const both = ['loss', 'entropy', 'mean_token_accuracy', 'rewards/accuracies', 'rewards/margins'];
  for (const name of [...both, ...sides]) {
    expect(line).toHaveProperty([name]);
    expect(evaluation).toHaveProperty([`eval_${name}`]);
  }
  for (const name of ['grad_norm', 'learning_rate', 'epoch', 'step_time'])
    expect(line).toHaveProperty([name]);
  // Prompt, completion and end of sequence of both sides.
  const tokens = examples.reduce(
    (sum, { prompt, chosen, rejected }) =>
      sum + 2 * prompt.length + chosen.length + rejected.length + 2,
    0,
  );
  expect(line!['num_tokens']).toBe(tokens);
});

test('evaluation on the training rows gives the loss the next step starts from', async () => {
  const result = await train({
    maxSteps: 3,
    lossType: ['sigmoid', 'sft'],
    evalStrategy: 'steps',
    evalSteps: 1,
    evalOnStart: true,
    evalExamples: examples,
    perDeviceEvalBatchSize: 3,
  });
  const lines = metricLines(result.folder);
  const evaluated = lines.flatMap(({ eval_loss }) => eval_loss ?? []);
  const losses = lines.flatMap(({ loss }) => loss ?? []);
  for (const [i, loss] of losses.entries()) expect(evaluated[i]).toBeCloseTo(loss, 5);
});

async function weightsAfter(changes: Partial<PreferenceTraining>): Promise<number[]> {
  const policy = tinyPolicy({ initializerRange: 0.1 }, { dtype: 'float64' });
  await train({ policy, maxSteps: 3, ...changes });
  return [...parameters(policy.model).values()].flatMap((parameter) => parameter.toArray());
}

test('accumulated micro-batches of unequal length give the weights of one batch', async () => {
  const lossType = ['sigmoid', 'ipo', 'sft', 'hinge_paper'] as const;
  const at = (perDeviceTrainBatchSize: number, gradientAccumulationSteps: number) =>
    weightsAfter({ lossType: [...lossType], perDeviceTrainBatchSize, gradientAccumulationSteps });
  expect(await at(1, 8)).toBeAllClose(await at(8, 1), { rtol: 1e-7, atol: 1e-9 });
});

test('a reference scored beforehand gives the weights of one scored at each step', async () => {
  const shared = { perDeviceTrainBatchSize: 3, maxSteps: 4 };
  const each = await weightsAfter(shared);
  const beforehand = await weightsAfter({
    ...shared,
    precomputeRefLogProbs: true,
    precomputeRefBatchSize: 5,
  });
  expect(beforehand).toBeAllClose(each, { rtol: 1e-7, atol: 1e-9 });
});

test('pairs of a micro-batch in shared rows give the weights of padded ones', async () => {
  const lossType = ['sigmoid', 'ipo', 'sft'] as const;
  const at = (paddingFree: boolean) =>
    weightsAfter({ lossType: [...lossType], perDeviceTrainBatchSize: 4, paddingFree });
  expect(await at(true)).toBeAllClose(await at(false), { rtol: 1e-7, atol: 1e-9 });
});

test('another reference than the policy itself can be given', async () => {
  const reference = tinyPolicy({ initializerRange: 0.3 });
  const result = await train({ reference, maxSteps: 1 });
  expect(metricLines(result.folder)[0]!['rewards/margins']).not.toBeCloseTo(0, 4);
});

test('a reference that follows the policy all the way leaves no implicit reward', async () => {
  const { folder: run } = await train({
    syncRefModel: true,
    refModelSyncSteps: 1,
    refModelMixupAlpha: 1,
  });
  for (const line of metricLines(run)) expect(line['rewards/margins']).toBeCloseTo(0, 5);
});

test.each([
  ['at each step', { syncRefModel: true, refModelSyncSteps: 2 }],
  ['beforehand', { precomputeRefLogProbs: true }],
])(
  'interrupted and resumed, a run with a reference scored %s ends in the same bits',
  async (_, changes) => {
    const options = { ...changes, perDeviceTrainBatchSize: 3, maxSteps: 6, saveSteps: 2 };
    const straight = await train(options);
    const stop = new AbortController();
    const outputDir = folder();
    const stopped = await train({
      ...options,
      outputDir,
      signal: stop.signal,
      onEvent: (event) => event.type === 'step-end' && event.step === 3 && stop.abort(),
    });
    expect(stopped).toMatchObject({ outcome: 'interrupted', step: 3 });
    const events: TrainerEvent[] = [];
    const resumed = await train({
      ...options,
      outputDir,
      resumeFromCheckpoint: true,
      onEvent: (event) => events.push(event),
    });
    expect(events.filter(({ type }) => type === 'warning')).toEqual([]);
    expect(resumed).toMatchObject({ outcome: 'finished', step: 6 });
    expect(checkpointBytes(outputDir, 6)).toEqual(checkpointBytes(straight.folder, 6));
  },
);

const logprobsFile = (run: string) => join(run, 'reference-logprobs.safetensors');

/**
 * A run beside others, whose reference is scored beforehand. Every kept log-probability is then replaced by 0, under the
 * same key and with its digest, so that who reads them gets another margin than 0 at the first step.
 */
async function runWithMarkedScores(): Promise<string> {
  const outputDir = join(root, `beside-${runs++}`, 'first');
  await train({ ...scoredBeforehand, outputDir });
  tidy(() => {
    const saved = readSafetensors(logprobsFile(outputDir));
    const zeros = (part: string) => new Float32Array(saved.tensor(part).size);
    const marked = { train: zeros('train'), held: zeros('held') };
    writeReferenceLogprobs(outputDir, saved.metadata['key']!, marked);
  });
  return outputDir;
}

const scoredBeforehand = { precomputeRefLogProbs: true, maxSteps: 2, saveSteps: 2 };

const firstMargin = (run: string) => metricLines(run)[0]!['rewards/margins']!;

test('rows scored with a reference are found by a run beside the first, and by no other reference or rows', async () => {
  const first = await runWithMarkedScores();
  const beside = (name: string, changes: Partial<PreferenceTraining>) =>
    train({ ...scoredBeforehand, outputDir: join(dirname(first), name), ...changes });
  const second = await beside('second', {});
  expect(firstMargin(second.folder)).not.toBeCloseTo(0, 2);
  expect(readFileSync(logprobsFile(second.folder))).toEqual(readFileSync(logprobsFile(first)));
  const others: Record<string, Partial<PreferenceTraining>> = {
    'other weights': { policy: tinyPolicy({ initializerRange: 0.1 }, { seed: 8 }) },
    'another model of the same weights': {
      policy: tinyPolicy({ initializerRange: 0.1, ropeTheta: 5000 }),
    },
    'other rows': { examples: examples.slice(1) },
    'other held-out rows': { evalExamples: examples, evalStrategy: 'steps', evalSteps: 2 },
    'other batches': { precomputeRefBatchSize: 3 },
  };
  for (const [name, changes] of Object.entries(others)) {
    const other = await beside(name.replaceAll(' ', '-'), changes);
    expect(firstMargin(other.folder), name).toBeCloseTo(0, 6);
  }
});

test('a resumed run finds its own scores', async () => {
  const first = await runWithMarkedScores();
  await train({ ...scoredBeforehand, outputDir: first, maxSteps: 3, resumeFromCheckpoint: true });
  expect(metricLines(first).at(-1)!['rewards/margins']!).not.toBeCloseTo(0, 2);
});

test.each([
  ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 8)],
  ['no safetensors file', () => Buffer.from('{}')],
  [
    'with one bit changed',
    (bytes: Buffer) => {
      const changed = Buffer.from(bytes);
      changed[bytes.length - 5]! ^= 1;
      return changed;
    },
  ],
])('kept scores %s are noticed and computed again', async (_, damage) => {
  const { folder: outputDir } = await train(scoredBeforehand);
  const file = logprobsFile(outputDir);
  const whole = readFileSync(file);
  writeFileSync(file, damage(whole));
  const events: TrainerEvent[] = [];
  const again = {
    ...{ ...scoredBeforehand, outputDir, resumeFromCheckpoint: true, maxSteps: 3 },
    // The policy as the command line loads it before it takes up the checkpoint: the reference.
    policy: tinyPolicy({ initializerRange: 0.1 }),
  };
  await train({ ...again, onEvent: (event) => events.push(event) });
  const message = `${file} is damaged; the reference's log-probabilities are computed again`;
  expect(events).toContainEqual({ type: 'warning', message });
  expect(readFileSync(file)).toEqual(whole);
});

test('a row whose completion would be cut away is refused before the first step', async () => {
  const events: TrainerEvent[] = [];
  const training = train({ maxLength: 3, onEvent: (event) => events.push(event) });
  await expect(training).rejects.toThrow(/row 2: max_length 3 cuts all of chosen away/);
  expect(events).toEqual([]);
});
