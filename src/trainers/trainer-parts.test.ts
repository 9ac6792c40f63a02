import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { metricLines } from '../../test/support/run-files.ts';
import {
  letters,
  promptExamples,
  temporaryFolder,
  tinyPolicy,
} from '../../test/support/tiny-policy.ts';
import { packBatch } from '../batches/index.ts';
import { accuracyReward } from '../rewards/index.ts';
import { readCompletions, readTokens } from '../runs/index.ts';
import { tensor } from '../tensor/index.ts';
import { fingerprint, fingerprintChanges } from './fingerprint.ts';
import { mergeGenerations } from './generation-metrics.ts';
import {
  type PolicyGradientTraining,
  type TrainerEvent,
  type TrainResult,
  trainPolicyGradient,
} from './index.ts';
import { rowsFingerprint } from './rows-fingerprint.ts';
import { SamplerAgreement } from './sampler-agreement.ts';

const root = temporaryFolder();
let runs = 0;

const train = (changes: Partial<PolicyGradientTraining>): Promise<TrainResult> =>
  trainPolicyGradient({
    policy: tinyPolicy({ initializerRange: 0.1 }),
    examples: promptExamples(['b', 'cd', 'efg', 'h']),
    reward: (completion) => completion.length,
    numGenerations: 4,
    perDeviceTrainBatchSize: 8,
    maxCompletionLength: 6,
    learningRate: 0.01,
    maxSteps: 3,
    loggingSteps: 1,
    outputDir: join(root, `run-${runs++}`),
    console: null,
    ...changes,
  });

test.each([
  ['dr_grpo', {}],
  ['bnpo', {}],
  ['cispo', { epsilonHigh: 5 }],
  ['grpo', { importanceSamplingLevel: 'sequence', epsilon: 3e-4, epsilonHigh: 4e-4 }],
  ['dapo', { topEntropyQuantile: 0.5 }],
  ['dapo', { delta: 2, useBiasCorrectionKl: true, beta: 0.1 }],
  ['reinforce', { scaleRewards: 'none' }],
] as [PolicyGradientTraining['lossType'], Partial<PolicyGradientTraining>][])(
  '%s trains with %o over two passes',
  async (lossType, changes) => {
    const { outcome, folder } = await train({ lossType, numIterations: 2, ...changes });
    expect(outcome).toBe('finished');
    const lines = metricLines(folder);
    // Later steps may be clipped whole, in a narrow range above all.
    expect(lines[0]!['grad_norm']).toBeGreaterThan(0);
    for (const { loss, nonfinite_steps } of lines) {
      expect(Number.isFinite(loss)).toBe(true);
      expect(nonfinite_steps).toBe(0);
    }
  },
);

test('an entropy bonus is in the loss and keeps entropy higher', async () => {
  const entropies = async (entropyCoef: number) => {
    const options = { entropyCoef, maxSteps: 12, learningRate: 0.02, numGenerations: 8 };
    const { folder } = await train(options);
    return metricLines(folder);
  };
  const [plain, bonus] = [await entropies(0), await entropies(1)];
  expect(bonus.at(-1)!['entropy']).toBeGreaterThan(plain.at(-1)!['entropy']!);
  const { loss, policy_loss, entropy } = bonus[0]!;
  expect(loss).toBeCloseTo(policy_loss! - entropy!, 5);
});

test('the tokens of a step are stored, completion by completion', async () => {
  const { folder } = await train({ tokenRecordRate: 1, numIterations: 2, maxSteps: 2 });
  const lengths = readCompletions(folder, 1).flatMap(({ completions }) =>
    completions.map(({ length }) => length),
  );
  const [first, second] = [readTokens(folder, 1)!, readTokens(folder, 2)!];
  const counts = first.offsets.slice(1).map((end, i) => end - first.offsets[i]!);
  // Micro-batches come in an order of their own.
  expect(counts.sort()).toEqual(lengths.sort());
  expect(first.tokenIds.length).toBe(first.offsets.at(-1));
  expect(first.ratios).toBeAllClose(
    first.ratios.map(() => 1),
    { rtol: 0, atol: 1e-4 },
  );
  expect(second.tokenIds).toEqual(first.tokenIds);
  expect(second.logprobs).toEqual(first.logprobs);
  expect(Math.max(...second.ratios.map((ratio) => Math.abs(ratio - 1)))).toBeGreaterThan(1e-3);
});

test.each([
  ['two steps from one generation', { stepsPerGeneration: 2, gradientAccumulationSteps: 1 }],
  ['two generations in one step', { stepsPerGeneration: 1, gradientAccumulationSteps: 2 }],
])('stored tokens say which stored completion they are of: %s', async (_, changes) => {
  const { folder } = await train({ tokenRecordRate: 1, maxSteps: 2, ...changes });
  for (const step of [1, 2]) {
    const { offsets, completionSteps, completions, promptLengths, positions, tokenIds } =
      readTokens(folder, step)!;
    // 8 rows a micro-batch; each completion once.
    const places = completions.map((place, c) => `${completionSteps[c]}/${place}`);
    expect(new Set(places).size).toBe(8 * changes.gradientAccumulationSteps);
    for (const [c, place] of completions.entries()) {
      const sampledAt = completionSteps[c]!;
      expect(sampledAt).toBe(changes.stepsPerGeneration === 2 ? 1 : step);
      const groups = readCompletions(folder, sampledAt);
      const stored = groups[Math.floor(place / 4)]!;
      const { text, length } = stored.completions[place % 4]!;
      const own = [offsets[c]!, offsets[c + 1]!] as const;
      expect(positions.slice(...own)).toEqual(Array.from({ length }, (__, t) => t));
      expect(letters.decode(tokenIds.slice(...own)).startsWith(text)).toBe(true);
      // One letter is one token.
      expect(promptLengths[c]).toBe(stored.prompt.length);
    }
  }
});

test('tokens are stored for the share of steps asked for', async () => {
  const { folder } = await train({ tokenRecordRate: 0.5, maxSteps: 4 });
  const stored = [1, 2, 3, 4].filter((step) => readTokens(folder, step) !== undefined);
  expect(stored).toEqual([2, 4]);
});

test('the agreement of sampler and trainer is measured over trained tokens', () => {
  const agreement = new SamplerAgreement();
  const batch = packBatch(
    [
      {
        tokens: [1, 2, 3, 4],
        promptLength: 1,
        completionMask: [1, 0, 1],
        oldLogprobs: [-1, -9, -2],
      },
    ],
    { padTokenId: 0 },
  );
  agreement.add({ logprobs: tensor([[-0.5, 3, -3]]) }, batch);
  // Differences 0.5 and −1.
  const metrics = agreement.metrics;
  expect(metrics['sampling/sampling_logp_difference/mean']).toBeCloseTo(0.75, 6);
  expect(metrics['sampling/sampling_logp_difference/max']).toBeCloseTo(1, 6);
  expect(metrics['sampling/importance_sampling_ratio/min']).toBeCloseTo(Math.exp(-1), 6);
  expect(metrics['sampling/importance_sampling_ratio/max']).toBeCloseTo(Math.exp(0.5), 6);
  const mean = (Math.exp(0.5) + Math.exp(-1)) / 2;
  expect(metrics['sampling/importance_sampling_ratio/mean']).toBeCloseTo(mean, 6);
  expect(new SamplerAgreement().metrics).toEqual({});
});

test('a step of several generations reports the mean of each metric', () => {
  const merged = mergeGenerations([
    { metrics: { reward: 1, kl: 5 }, tokens: 3 },
    { metrics: { reward: 2 }, tokens: 4 },
  ]);
  expect(merged).toEqual({ reward: 1.5, kl: 5 });
});

test('a fingerprint names what decides the bits, and its changes', () => {
  const now = fingerprint('cpu');
  for (const part of ['libtorch', 'blas', 'threads', 'platform']) expect(now).toHaveProperty(part);
  expect(fingerprintChanges(now, now)).toEqual([]);
  const before = { ...now, threads: 64, old: 'x' };
  expect(fingerprintChanges(before, now)).toEqual([
    `threads: 64 → ${now['threads']}`,
    'old: x → undefined',
  ]);
});

test('rows of other tokens, or cut elsewhere, have another fingerprint', () => {
  const name = rowsFingerprint([[1, 2], [3]]);
  expect(rowsFingerprint([[1, 2], [3]])).toBe(name);
  for (const rows of [[[1], [2, 3]], [[3], [1, 2]], [[1, 2, 3]], [[1, 2], [4]]])
    expect(rowsFingerprint(rows)).not.toBe(name);
});

test('resuming with other options is said, and the earlier ones are kept', async () => {
  const { folder } = await train({ maxSteps: 1, learningRate: 0.02 });
  const said: string[] = [];
  const onEvent = (event: TrainerEvent) => {
    if (event.type === 'warning') said.push(event.message);
  };
  await train({ resumeFromCheckpoint: folder, maxSteps: 2, learningRate: 0.01, onEvent });
  expect(said).toEqual([
    'resuming with other options than the run was started with (learning_rate: 0.02 → 0.01; max_steps: 1 → 2)',
  ]);
  expect(readFileSync(join(folder, 'config.attempt-1.yaml'), 'utf8')).toMatch(
    'learning_rate: 0.02',
  );
});

test('a reward that fails is told once, with its first error', async () => {
  const said: string[] = [];
  const reward = function broken(): number {
    throw new Error('no service');
  };
  const onEvent = (event: TrainerEvent) => {
    if (event.type === 'warning') said.push(event.message);
  };
  await train({ maxSteps: 2, reward, onEvent });
  expect(said).toEqual([
    expect.stringMatching(/^step 1: reward broken failed on (\d+) of \1 .*Error: no service$/),
  ]);
});

test('a reward whose column is missing is refused before the first step', async () => {
  await expect(train({ reward: accuracyReward({ column: 'nope' }) })).rejects.toThrow(
    /row 0 has no column "nope"/,
  );
});

test('resuming on other rows is said', async () => {
  const { folder } = await train({ maxSteps: 1 });
  const warnings = async (prompts: string[]) => {
    const said: string[] = [];
    const onEvent = (event: TrainerEvent) => {
      if (event.type === 'warning' && /rows/.test(event.message)) said.push(event.message);
    };
    const examples = promptExamples(prompts);
    await train({ resumeFromCheckpoint: folder, examples, onEvent });
    return said;
  };
  expect(await warnings(['b', 'cd', 'efg', 'h'])).toEqual([]);
  expect(await warnings(['b', 'cd', 'efg', 'i'])).toEqual([
    expect.stringMatching(/the training rows are not those that .*checkpoint-\d was trained on/),
  ]);
});
