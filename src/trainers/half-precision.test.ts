import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { metricLines } from '../../test/support/run-files.ts';
import { promptExamples, temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import type { TrainSequence } from '../batches/index.ts';
import { supervisedLoss } from '../losses/index.ts';
import { loadModel, parameters } from '../models/index.ts';
import { adamW, decayGroups, type Optimizer } from '../optim/index.ts';
import { type BatchLoss, type Learner, Policy, update } from '../policy/index.ts';
import { noGrad, readSafetensors, type Tensor } from '../tensor/index.ts';
import {
  type PolicyGradientTraining,
  type SupervisedTraining,
  trainPolicyGradient,
  trainSupervised,
} from './index.ts';

const bfloat16 = { dtype: 'bfloat16' } as const;
const sizes = { hiddenSize: 32, intermediateSize: 48, initializerRange: 0.1 };
const root = temporaryFolder();
let runs = 0;
const folder = () => join(root, `run-${runs++}`);

const examples = Array.from('abcdefgh', (letter, index) => ({
  example: { index, columns: {} },
  prompt: letter,
  completion: Array.from({ length: 3 }, (_, n) =>
    String.fromCharCode(letter.charCodeAt(0) + n + 1),
  ).join(''),
}));

const supervised = (changes: Partial<SupervisedTraining> = {}) => ({
  policy: tinyPolicy(sizes, bfloat16),
  examples,
  learningRate: 0.01,
  perDeviceTrainBatchSize: 4,
  gradientAccumulationSteps: 2,
  maxSteps: 6,
  loggingSteps: 1,
  outputDir: folder(),
  console: null,
  ...changes,
});

const likesA = (completion: string): number =>
  Array.from(completion).filter((letter) => letter === 'a').length / Math.max(1, completion.length);

const groups = (changes: Partial<PolicyGradientTraining> = {}) => ({
  policy: tinyPolicy(sizes, bfloat16),
  examples: promptExamples(['b', 'cd', 'efg', 'h']),
  reward: likesA,
  numGenerations: 8,
  perDeviceTrainBatchSize: 16,
  maxCompletionLength: 6,
  learningRate: 0.01,
  maxSteps: 6,
  loggingSteps: 1,
  outputDir: folder(),
  console: null,
  ...changes,
});

/** Bytes of a checkpoint's weights and of the optimiser's state. */
const filesOf = (checkpoint: string | null) =>
  ['model.safetensors', 'optimizer.safetensors'].map((name) =>
    readFileSync(join(checkpoint!, name)).toString('base64'),
  );

describe('a checkpoint of bfloat16 training', () => {
  test('holds bfloat16 weights that are its float32 masters, rounded', async () => {
    const { checkpoint } = await trainSupervised(supervised());
    const config = JSON.parse(readFileSync(join(checkpoint!, 'config.json'), 'utf8'));
    expect(config.torch_dtype ?? config.dtype).toBe('bfloat16');
    const saved = parameters(loadModel(checkpoint!, { trainable: false }));
    const state = readSafetensors(join(checkpoint!, 'optimizer.safetensors'));
    let rounded = 0;
    for (const [name, weight] of saved) {
      expect(weight.dtype).toBe('bfloat16');
      for (const part of ['exp_avg', 'exp_avg_sq', 'master'])
        expect(state.tensor(`${part}.${name}`).dtype).toBe('float32');
      const master = state.tensor(`master.${name}`);
      expect(weight.toArray()).toEqual(master.to(bfloat16).toArray());
      if (master.toArray().some((value, i) => value !== weight.toArray()[i])) rounded++;
    }
    expect(rounded).toBe(saved.size);
  });

  test('of sft resumes bit for bit', async () => {
    const whole = await trainSupervised(supervised());
    const outputDir = folder();
    await trainSupervised(supervised({ outputDir, maxSteps: 3, lrSchedulerType: 'constant' }));
    const reference = await trainSupervised(
      supervised({ lrSchedulerType: 'constant', outputDir: folder() }),
    );
    const resumed = await trainSupervised(
      supervised({ outputDir, lrSchedulerType: 'constant', resumeFromCheckpoint: true }),
    );
    expect(resumed.step).toBe(6);
    expect(filesOf(resumed.checkpoint)).toEqual(filesOf(reference.checkpoint));
    expect(filesOf(resumed.checkpoint)).not.toEqual(filesOf(whole.checkpoint));
  });

  test('of grpo resumes bit for bit', async () => {
    const options = { lrSchedulerType: 'constant', beta: 0.05 } as const;
    const whole = await trainPolicyGradient(groups(options));
    const outputDir = folder();
    await trainPolicyGradient(groups({ ...options, outputDir, maxSteps: 3 }));
    const resumed = await trainPolicyGradient(
      groups({ ...options, outputDir, resumeFromCheckpoint: true }),
    );
    expect(filesOf(resumed.checkpoint)).toEqual(filesOf(whole.checkpoint));
  });
});

test('bfloat16 sft learns', async () => {
  const { folder: run } = await trainSupervised(supervised({ maxSteps: 40 }));
  const losses = metricLines(run).flatMap(({ loss }) => loss ?? []);
  // Uniform over 20 ids: log 20 = 3.0.
  expect(losses[0]).toBeGreaterThan(2.5);
  expect(losses.at(-1)).toBeLessThan(0.5);
});

test('bfloat16 grpo learns, and logs how far sampler and trainer are apart', async () => {
  const { folder: run } = await trainPolicyGradient(groups({ maxSteps: 30 }));
  const lines = metricLines(run);
  const rewards = lines.flatMap(({ reward }) => reward ?? []);
  const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  expect(mean(rewards.slice(-3))).toBeGreaterThan(mean(rewards.slice(0, 3)) + 0.2);
  const column = (name: string) => lines.flatMap((line) => line[name] ?? []);
  // Logits of about 1, rounded to 8 bits of precision along two ways: ratios within a few percent of 1.
  for (const ratio of column('sampling/importance_sampling_ratio/mean'))
    expect(Math.abs(ratio - 1)).toBeLessThan(0.02);
  expect(column('sampling/sampling_logp_difference/max')).toHaveLength(30);
  expect(Math.max(...column('sampling/sampling_logp_difference/max'))).toBeLessThan(0.2);
});

describe('an update in bfloat16', () => {
  const sequences: TrainSequence[] = Array.from({ length: 12 }, (_, row) => ({
    tokens: Array.from({ length: 12 }, (_, t) => (row * 5 + t * t + 3 * t) % 16),
    promptLength: 1 + (row % 3),
    completionMask: Array<number>(11 - (row % 3)).fill(1),
  }));
  const scoring = { temperature: 1, logprobDistribution: 'full', entropy: 'detached' } as const;
  const crossEntropy: BatchLoss = ({ logprobs, entropy }, { completionMask }, totals) => {
    expect(logprobs.dtype).toBe('float32');
    expect(entropy!.dtype).toBe('float32');
    return supervisedLoss({ logprobs, completionMask, entropy }, totals);
  };

  /** A learner whose weights are the bfloat16 policy's, in float32. */
  function twin(policy: Policy): Learner {
    const wide = tinyPolicy(sizes);
    const values = parameters(policy.model);
    noGrad(() => {
      for (const [name, weight] of parameters(wide.model)) weight.copy_(values.get(name)!);
    });
    return learnerOf(wide);
  }
  const learnerOf = (policy: Policy): Learner => ({
    policy,
    optimizer: adamW(decayGroups(parameters(policy.model), 0.1), { epsilon: 1e-2 }),
    maxGradNorm: 1,
  });
  const flat = (tensors: Iterable<Tensor>) => [...tensors].flatMap((tensor) => tensor.toArray());
  const distance = (a: readonly number[], b: readonly number[]) =>
    Math.hypot(...a.map((value, i) => value - b[i]!)) / Math.hypot(...b);
  const updated = ({ optimizer }: { optimizer: Optimizer }) => flat(optimizer.parameters.values());

  test('moves the masters as float32 training moves its weights, within bfloat16 error', async () => {
    const half = learnerOf(tinyPolicy(sizes, bfloat16));
    const wide = twin(half.policy);
    const start = updated(wide);
    const options = { ...scoring, loss: crossEntropy, learningRate: 1e-3 };
    const micros = [sequences.slice(0, 4), sequences.slice(4, 8), sequences.slice(8)];
    const moved = async (learner: Learner) => {
      const { loss, gradNorm } = await update(learner, micros, options);
      return { loss, gradNorm, weights: updated(learner).map((value, i) => value - start[i]!) };
    };
    const [ours, reference] = [await moved(half), await moved(wide)];
    // One rounding is at most 2^-9 of a number; a few of them lie between weights and gradients.
    expect(Math.abs(ours.loss / reference.loss - 1)).toBeLessThan(2 ** -8);
    expect(Math.abs(ours.gradNorm / reference.gradNorm - 1)).toBeLessThan(2 ** -6);
    expect(distance(ours.weights, reference.weights)).toBeLessThan(2 ** -5);
    for (let step = 1; step < 10; step++) {
      await update(half, micros, options);
      await update(wide, micros, options);
    }
    const travelled = (learner: Learner) => updated(learner).map((value, i) => value - start[i]!);
    expect(distance(travelled(half), travelled(wide))).toBeLessThan(2 ** -4);
  });

  test('at a learning rate too small for bfloat16 still lowers the loss', async () => {
    const policy = tinyPolicy(sizes, bfloat16);
    const learner = learnerOf(policy);
    const before = flat(parameters(policy.model).values());
    const options = { ...scoring, loss: crossEntropy, learningRate: 2e-5 };
    const first = await update(learner, [sequences], options);
    const changed = () =>
      flat(parameters(policy.model).values()).filter((value, i) => value !== before[i]).length;
    const share = changed() / before.length;
    for (let step = 1; step < 60; step++) await update(learner, [sequences], options);
    const last = await update(learner, [sequences], options);
    // Most weights are the same after one step, and not after sixty.
    expect(share).toBeLessThan(0.1);
    expect(changed() / before.length).toBeGreaterThan(5 * share);
    expect(last.loss).toBeLessThan(first.loss - 0.005);
  });

  test('gives the same gradients however it is split into micro-batches, within float32 error of their sum', async () => {
    const moves = [];
    for (const size of [12, 1]) {
      const learner = learnerOf(tinyPolicy(sizes, bfloat16));
      const start = updated(learner);
      const micros = Array.from({ length: 12 / size }, (_, i) =>
        sequences.slice(i * size, (i + 1) * size),
      );
      await update(learner, micros, { ...scoring, loss: crossEntropy, learningRate: 1e-3 });
      moves.push(updated(learner).map((value, i) => value - start[i]!));
    }
    expect(distance(moves[1]!, moves[0]!)).toBeLessThan(2 ** -6);
  });
});

test('a policy loads in bfloat16 what was saved in float32, and trains from there', async () => {
  const saved = folder();
  tinyPolicy(sizes).save(saved);
  const policy = Policy.load(saved, bfloat16);
  const { checkpoint } = await trainSupervised(supervised({ policy, maxSteps: 1 }));
  expect(readSafetensors(join(checkpoint!, 'model.safetensors')).dtype('model.norm.weight')).toBe(
    'bfloat16',
  );
});
