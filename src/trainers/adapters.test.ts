import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { metricLines, timelessLines } from '../../test/support/run-files.ts';
import {
  letters,
  promptExamples,
  temporaryFolder,
  tinyPolicy,
} from '../../test/support/tiny-policy.ts';
import type { PreferenceExample } from '../data/index.ts';
import { CheckpointError, ConfigError } from '../errors.ts';
import { baseModel, parameters, trainableParameters } from '../models/index.ts';
import { Policy, scoreSequences } from '../policy/index.ts';
import { noGrad, readSafetensors, tidy } from '../tensor/index.ts';
import {
  type PreferenceTraining,
  type SupervisedExample,
  type SupervisedTraining,
  type TrainResult,
  trainPolicyGradient,
  trainPreference,
  trainSupervised,
} from './index.ts';
import { ReferencePolicy } from './reference-policy.ts';

const root = temporaryFolder();
const base = join(root, 'base');
let runs = 0;
const newFolder = () => join(root, `run-${runs++}`);
beforeAll(() => tinyPolicy().save(base));

const adapted = (seed = 42): Policy =>
  Policy.load(base).withAdapters({
    rank: 4,
    dropout: 0.2,
    targetModules: 'all-linear',
    baseModel: base,
    seed,
  });

const common = {
  learningRate: 0.02,
  perDeviceTrainBatchSize: 4,
  maxSteps: 6,
  saveSteps: 3,
  loggingSteps: 1,
  console: null,
};

const rows: SupervisedExample[] = Array.from('abcdefgh', (letter, index) => ({
  example: { index, columns: {} },
  prompt: letter,
  completion: 'abcdefghijkl'.slice(index, index + 1 + (index % 4)),
}));

const pairs: PreferenceExample[] = Array.from('abcdefgh', (prompt, index) => ({
  example: { index, columns: {} },
  prompt,
  chosen: 'ab',
  rejected: 'mno',
}));

type Changes = Pick<
  SupervisedTraining,
  'outputDir' | 'resumeFromCheckpoint' | 'signal' | 'onEvent'
> & {
  policy: Policy;
  gradientCheckpointing?: boolean;
};

const supervised = (changes: Changes) => trainSupervised({ examples: rows, ...common, ...changes });

const byReward = (changes: Changes) =>
  trainPolicyGradient({
    examples: promptExamples(['b', 'cd', 'efg', 'h']),
    reward: (completion) => completion.length,
    numGenerations: 4,
    maxCompletionLength: 5,
    beta: 0.1,
    ...common,
    ...changes,
  });

const byPreference = (changes: Partial<PreferenceTraining> & { policy: Policy }) =>
  trainPreference({ examples: pairs, disableDropout: false, ...common, ...changes });

const kinds: [string, (changes: Changes) => Promise<TrainResult>][] = [
  ['supervised', supervised],
  ['policy gradient', byReward],
  ['preference', byPreference],
];

const checkpoint = (folder: string, step: number) =>
  join(folder, 'checkpoints', `checkpoint-${step}`);

const bytesOf = (folder: string) =>
  ['adapter_model.safetensors', 'optimizer.safetensors'].map((name) =>
    readFileSync(join(checkpoint(folder, 6), name)).toString('base64'),
  );

describe.each(kinds)('%s training of adapters', (_, train) => {
  test('moves them and nothing else, and saves them and their moments alone', async () => {
    const policy = adapted();
    const before = [...parameters(policy.model).values()].map((weight) => weight.toArray());
    const fresh = [...trainableParameters(policy.model).values()].map((matrix) => matrix.toArray());
    const outputDir = newFolder();
    await train({ policy, outputDir });
    expect([...parameters(policy.model).values()].map((weight) => weight.toArray())).toEqual(
      before,
    );
    const moved = [...trainableParameters(policy.model).values()].map((m) => m.toArray());
    for (const [i, matrix] of moved.entries()) expect(matrix).not.toEqual(fresh[i]);
    const names = readdirSync(checkpoint(outputDir, 6));
    expect(names).toContain('adapter_config.json');
    expect(names).not.toContain('model.safetensors');
    expect(names).not.toContain('reference');
    const loaded = Policy.load(checkpoint(outputDir, 6));
    const saved = [...trainableParameters(loaded.model).values()].map((m) => m.toArray());
    expect(saved).toEqual(moved);
  });

  test('resumes in the same bits, dropout too', async () => {
    const [straight, stopped] = [newFolder(), newFolder()];
    await train({ policy: adapted(), outputDir: straight });
    const controller = new AbortController();
    const stop: Changes['onEvent'] = (event) => {
      if (event.type === 'step-end' && event.step === 4) controller.abort(new Error('stop'));
    };
    await train({
      policy: adapted(),
      outputDir: stopped,
      signal: controller.signal,
      onEvent: stop,
    });
    const again = adapted(7);
    const result = await train({ policy: again, outputDir: stopped, resumeFromCheckpoint: true });
    expect(result).toMatchObject({ outcome: 'finished', step: 6 });
    expect(bytesOf(stopped)).toEqual(bytesOf(straight));
    expect(timelessLines(stopped)).toEqual(timelessLines(straight));
  });

  test('gives the same with layers computed again in the backward pass', async () => {
    const [remembered, recomputed] = [newFolder(), newFolder()];
    const policies = [adapted(), adapted()] as const;
    await train({ policy: policies[0], outputDir: remembered, gradientCheckpointing: false });
    await train({ policy: policies[1], outputDir: recomputed, gradientCheckpointing: true });
    expect(bytesOf(recomputed)).toEqual(bytesOf(remembered));
  });
});

test('supervised training of adapters learns', async () => {
  const outputDir = newFolder();
  await trainSupervised({ policy: adapted(), examples: rows, ...common, maxSteps: 60, outputDir });
  const losses = metricLines(outputDir).flatMap(({ loss }) => loss ?? []);
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  expect(mean(losses.slice(-4))).toBeLessThan(mean(losses.slice(0, 4)) / 2);
});

test('all weights, their layers computed again or not, end in the same bits', async () => {
  const ends = [true, false].map(async (gradientCheckpointing) => {
    const policy = Policy.load(base);
    await supervised({ policy, outputDir: newFolder(), gradientCheckpointing });
    return [...parameters(policy.model).values()].map((weight) => weight.toArray());
  });
  expect(await ends[0]).toEqual(await ends[1]);
});

describe('the reference of a policy with adapters', () => {
  const sequence = { tokens: [1, 2, 3, 4], promptLength: 1, completionMask: [1, 1, 1] };
  const options = { temperature: 1, logprobDistribution: 'full', batchSize: 1 } as const;
  const scoresOf = (model: Policy['model']) =>
    scoreSequences(model, [sequence], { ...options, padTokenId: letters.padTokenId })[0]!.logprobs;
  const move = ({ model }: Policy) =>
    noGrad(() => {
      for (const matrix of trainableParameters(model).values()) matrix.add_(0.1);
    });

  test('is the model below fresh adapters, without a copy', () => {
    const policy = adapted();
    const reference = new ReferencePolicy(policy);
    move(policy);
    expect(reference.score([sequence], options)).toEqual([scoresOf(baseModel(policy.model))]);
    expect(scoresOf(policy.model)).not.toEqual(scoresOf(baseModel(policy.model)));
  });

  test('is the policy as it was where its adapters had moved, and is saved with the checkpoint', () => {
    const policy = adapted();
    move(policy);
    const then = scoresOf(policy.model);
    const reference = new ReferencePolicy(policy);
    move(policy);
    expect(reference.score([sequence], options)).toEqual([then]);
    const folder = join(root, 'with-reference');
    reference.save(folder);
    const other = new ReferencePolicy(policy);
    expect(other.score([sequence], options)).not.toEqual([then]);
    other.restore(folder);
    expect(other.score([sequence], options)).toEqual([then]);
  });

  test('cannot move', async () => {
    const training = { syncRefModel: true, policy: adapted(), outputDir: newFolder() };
    await expect(byReward(training)).rejects.toThrow(ConfigError);
    await expect(byPreference(training)).rejects.toThrow(/sync_ref_model/);
  });
});

test('preference training of adapters is held to the base, at each step and scored beforehand', async () => {
  const weightsAfter = async (changes: Partial<PreferenceTraining>) => {
    const policy = adapted();
    await byPreference({ policy, outputDir: newFolder(), ...changes });
    return [...trainableParameters(policy.model).values()].flatMap((matrix) => matrix.toArray());
  };
  const given = await weightsAfter({ reference: Policy.load(base, { trainable: false }) });
  expect(await weightsAfter({})).toEqual(given);
  const beforehand = await weightsAfter({ precomputeRefLogProbs: true });
  expect(beforehand).toBeAllClose(given, { rtol: 1e-4, atol: 1e-6 });
});

test('what the base scored is found again by adapters of another rank', async () => {
  const folders = [4, 2].map(() => newFolder());
  for (const [i, rank] of [4, 2].entries()) {
    const policy = Policy.load(base).withAdapters({ rank });
    await byPreference({
      policy,
      outputDir: folders[i]!,
      precomputeRefLogProbs: true,
      maxSteps: 1,
    });
  }
  const keys = folders.map((folder) =>
    tidy(() => readSafetensors(join(folder, 'reference-logprobs.safetensors')).metadata['key']),
  );
  expect(keys[1]).toBe(keys[0]);
});

describe('a checkpoint is not resumed', () => {
  test.each([
    ['of adapters by whole weights', () => Policy.load(base), /set use_peft to true/],
    [
      'of adapters with another scaling',
      () => Policy.load(base).withAdapters({ rank: 4, alpha: 5, targetModules: 'all-linear' }),
      /trained with lora_alpha 32/,
    ],
    [
      'of adapters with another rank',
      () => Policy.load(base).withAdapters({ rank: 2, targetModules: 'all-linear' }),
      /lora_A.weight is \[4, 16\] in the checkpoint, expected \[2, 16\]/,
    ],
  ])('%s', async (_, policy, message) => {
    const outputDir = newFolder();
    await supervised({ policy: adapted(), outputDir });
    const again = supervised({ policy: policy(), outputDir, resumeFromCheckpoint: true });
    await expect(again).rejects.toThrow(CheckpointError);
    await expect(again).rejects.toThrow(message);
  });
});
