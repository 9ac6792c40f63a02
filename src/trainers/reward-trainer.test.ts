import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkpointBytes, metricLines } from '../../test/support/run-files.ts';
import { letters, temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { type PreferenceExample, toPreference } from '../data/index.ts';
import { parameters } from '../models/index.ts';
import { Policy, RewardModel } from '../policy/index.ts';
import { noGrad, readSafetensors, tidy } from '../tensor/index.ts';
import { type RewardTraining, type TrainerEvent, trainRewardModel } from './index.ts';
import { rewardPair } from './reward-pair.ts';

const root = temporaryFolder();
let runs = 0;
const folder = () => join(root, `run-${runs++}`);

/** The better text goes on with the letter after the prompt's, the worse with the one before; lengths differ. */
const after = (letter: string, distance: number): string =>
  String.fromCharCode(letter.charCodeAt(0) + distance);
const examples: PreferenceExample[] = Array.from('bcdefghi', (letter, index) => ({
  example: { index, columns: {} },
  prompt: letter.repeat(1 + (index % 3)),
  chosen: after(letter, 1).repeat(1 + (index % 2)),
  rejected: after(letter, -1).repeat(1 + (index % 4)),
}));

const tinyRewardModel = (dtype: 'float32' | 'float64' = 'float32') =>
  RewardModel.from(tinyPolicy({ initializerRange: 0.1 }, { dtype }), { seed: 3 });

const train = (changes: Partial<RewardTraining> = {}) =>
  trainRewardModel({
    rewardModel: tinyRewardModel(),
    examples,
    learningRate: 0.01,
    perDeviceTrainBatchSize: 8,
    maxSteps: 6,
    loggingSteps: 1,
    outputDir: folder(),
    console: null,
    ...changes,
  });

test('the better texts come to score higher, and metrics carry TRL’s names', async () => {
  const rewardModel = tinyRewardModel();
  const result = await train({
    rewardModel,
    maxSteps: 40,
    evalStrategy: 'steps',
    evalSteps: 40,
    evalExamples: examples,
  });
  const lines = metricLines(result.folder);
  const names = ['min_reward', 'mean_reward', 'max_reward', 'accuracy', 'margin', 'loss'];
  for (const name of names) {
    expect(lines[0]).toHaveProperty([name]);
    expect(lines.at(-1)).toHaveProperty([`eval_${name}`]);
  }
  expect(lines.at(-1)!['eval_accuracy']).toBe(1);
  const pairs = examples.map((row) => rewardPair(row, letters));
  const chosen = rewardModel.score(pairs.map((pair) => pair.chosen));
  const rejected = rewardModel.score(pairs.map((pair) => pair.rejected));
  for (const [i, reward] of chosen.entries()) expect(reward).toBeGreaterThan(rejected[i]!);
  const margins = chosen.map((reward, i) => reward - rejected[i]!);
  const mean = margins.reduce((sum, margin) => sum + margin) / margins.length;
  expect(lines.at(-1)!['eval_margin']).toBeCloseTo(mean, 4);
  // Prompt, completion and end of sequence of both sides.
  const tokens = pairs.reduce((sum, pair) => sum + pair.chosen.length + pair.rejected.length, 0);
  expect(lines[0]!['num_tokens']).toBe(tokens);
});

test('the checkpoint is the reward model, scores and all', async () => {
  const rewardModel = tinyRewardModel();
  const { checkpoint } = await train({ rewardModel, maxSteps: 2 });
  const texts = [[1, 2, 3, letters.eosTokenId], [5]];
  expect(RewardModel.load(checkpoint!).score(texts)).toEqual(rewardModel.score(texts));
});

test('evaluation on the training rows gives the loss the next step starts from', async () => {
  const { folder: run } = await train({
    maxSteps: 3,
    centerRewardsCoefficient: 0.1,
    evalStrategy: 'steps',
    evalSteps: 1,
    evalOnStart: true,
    evalExamples: examples,
    perDeviceEvalBatchSize: 3,
  });
  const lines = metricLines(run);
  const evaluated = lines.flatMap(({ eval_loss }) => eval_loss ?? []);
  const losses = lines.flatMap(({ loss }) => loss ?? []);
  for (const [i, loss] of losses.entries()) expect(evaluated[i]).toBeCloseTo(loss, 5);
});

async function weightsAfter(changes: Partial<RewardTraining>): Promise<number[]> {
  const rewardModel = tinyRewardModel('float64');
  await train({ rewardModel, maxSteps: 3, centerRewardsCoefficient: 0.1, ...changes });
  return [...parameters(rewardModel.model).values()].flatMap((parameter) => parameter.toArray());
}

test.each([
  ['accumulated micro-batches', { perDeviceTrainBatchSize: 1, gradientAccumulationSteps: 8 }],
  ['texts in shared rows', { paddingFree: true }],
  ['layers computed again', { gradientCheckpointing: true }],
])('%s give the weights of one padded batch', async (_, changes) => {
  const tolerance = { rtol: 1e-7, atol: 1e-9 };
  expect(await weightsAfter(changes)).toBeAllClose(await weightsAfter({}), tolerance);
});

test('interrupted and resumed, a run ends in the same bits', async () => {
  const options = { perDeviceTrainBatchSize: 3, maxSteps: 6, saveSteps: 2 };
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
});

test('pairs that are left out for their length are told', async () => {
  const events: TrainerEvent[] = [];
  await train({ maxLength: 5, maxSteps: 2, onEvent: (event) => events.push(event) });
  const told = events.flatMap((event) => (event.type === 'warning' ? event.message : []));
  const long = examples.filter(
    ({ prompt, chosen, rejected }) =>
      prompt.length + Math.max(chosen.length, rejected.length) + 1 > 5,
  );
  expect(told).toEqual([
    `${long.length} of 8 training pairs are left out: a text has more than max_length 5 tokens`,
  ]);
});

interface Golden {
  pairs: { prompt: string; chosen: string; rejected: string; margin: number }[];
  cases: { name: string; steps: Record<string, number>[] }[];
}
const golden = fileURLToPath(new URL('../../test/golden', import.meta.url));
const updates = JSON.parse(readFileSync(join(golden, 'reward/updates.json'), 'utf8')) as Golden;
const changed = readSafetensors(join(golden, 'reward/updates.safetensors'));

/** The model that TRL started from, in float64. */
function startOfTrl(padTokenId: number): RewardModel {
  const tokenizer = { ...letters, padTokenId };
  const checkpoint = join(golden, 'updates/checkpoint');
  const started = RewardModel.from(Policy.load(checkpoint, { dtype: 'float64', tokenizer }));
  noGrad(() =>
    tidy(() => {
      const score = changed.tensor('score').to({ dtype: 'float64' });
      parameters(started.model).get('score.weight')!.copy_(score);
    }),
  );
  return started;
}

const squares = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value ** 2, 0);

/** ‖Δours − ΔTRL‖ / ‖ΔTRL‖ over all parameters; transformers computes norms and rotations in float32, so it is not 0. */
function distance(name: string, before: RewardModel, after: RewardModel): number {
  const starts = parameters(before.model);
  let [apart, whole] = [0, 0];
  for (const [parameter, values] of parameters(after.model)) {
    const theirs = changed.tensor(`${name}/${parameter}`).toArray();
    const start = starts.get(parameter)!.toArray();
    const ours = values.toArray().map((value, i) => value - start[i]!);
    apart += squares(ours.map((value, i) => value - theirs[i]!));
    whole += squares(theirs);
  }
  return Math.sqrt(apart / whole);
}

const cases: Record<string, Partial<RewardTraining>> = {
  plain: {},
  'centred, accumulated': {
    perDeviceTrainBatchSize: 2,
    gradientAccumulationSteps: 2,
    centerRewardsCoefficient: 0.05,
  },
  margins: {},
  'end of sequence as padding': {},
};
/** Where a gradient is nearly 0, AdamW's first steps make much of the float32 rounding. */
const tolerance = { rtol: 1e-4, atol: 1e-5 };
/** Of a batch, however it is split into micro-batches; TRL takes lowest and highest of each micro-batch. */
const metrics = ['loss', 'grad_norm', 'mean_reward', 'accuracy', 'margin', 'num_tokens'];

test.each(Object.entries(cases))(
  '%s: five steps end where those of TRL’s RewardTrainer do',
  async (name, options) => {
    const pad = name.includes('padding') ? letters.eosTokenId : letters.padTokenId;
    const rewardModel = startOfTrl(pad);
    const rows = updates.pairs.map(({ margin, ...row }) =>
      name === 'margins' ? { ...row, margin } : row,
    );
    const { folder: run } = await train({
      rewardModel,
      examples: rows.map((columns, index) => toPreference({ index, columns })),
      lrSchedulerType: 'constant',
      weightDecay: 0.1,
      maxGradNorm: 0.2,
      maxSteps: 5,
      perDeviceTrainBatchSize: 4,
      trainSamplingStrategy: 'sequential',
      saveStrategy: 'no',
      ...options,
    });
    const { steps } = updates.cases.find((each) => each.name === name)!;
    const isWhole = options.gradientAccumulationSteps === undefined;
    for (const [step, line] of metricLines(run).entries()) {
      for (const metric of [...metrics, ...(isWhole ? ['min_reward', 'max_reward'] : [])]) {
        const where = `${metric} of step ${step}`;
        expect(line[metric], where).toBeAllClose(steps[step]![metric]!, tolerance);
      }
    }
    expect(distance(name, startOfTrl(pad), rewardModel)).toBeLessThan(1e-4);
  },
);

test('every case of TRL is replayed', () => {
  expect(updates.cases.map(({ name }) => name)).toEqual(Object.keys(cases));
});
