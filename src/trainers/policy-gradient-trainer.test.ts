import { join } from 'node:path';
import { expect, test } from 'vitest';
import { metricLines } from '../../test/support/run-files.ts';
import { promptExamples, temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { ConfigError } from '../errors.ts';
import { parameters } from '../models/index.ts';
import type { Policy } from '../policy/index.ts';
import { readCompletions } from '../runs/index.ts';
import type { Rollout, RolloutGroup } from '../types.ts';
import {
  type PolicyGradientTraining,
  type TrainerEvent,
  type TrainResult,
  trainPolicyGradient,
} from './index.ts';
import { penalizeRewards, toSequences } from './policy-gradient-batch.ts';

const root = temporaryFolder();
let runs = 0;

/** Share of a completion's letters that are `a`. */
const likesA = (completion: string): number =>
  Array.from(completion).filter((letter) => letter === 'a').length / Math.max(1, completion.length);

/** A policy near the uniform distribution. */
const newPolicy = () => tinyPolicy({ initializerRange: 0.1 });

function train(changes: Partial<PolicyGradientTraining> = {}): Promise<TrainResult> {
  return trainPolicyGradient({
    policy: newPolicy(),
    examples: promptExamples(['b', 'cd', 'efg', 'h']),
    reward: likesA,
    numGenerations: 8,
    perDeviceTrainBatchSize: 16,
    maxCompletionLength: 6,
    learningRate: 0.02,
    maxSteps: 2,
    loggingSteps: 1,
    outputDir: join(root, `run-${runs++}`),
    console: null,
    ...changes,
  });
}

const column = ({ folder }: TrainResult, name: string): (number | null)[] =>
  metricLines(folder).flatMap((line) => (line[name] === undefined ? [] : [line[name]!]));

const weightsOf = (policy: Policy): number[] =>
  [...parameters(policy.model).values()].flatMap((parameter) => parameter.toArray());

test.each(['dapo', 'grpo', 'rloo', 'reinforce'] as const)(
  'under %s a trivial reward rises',
  async (lossType) => {
    const result = await train({ lossType, maxSteps: 30, numGenerations: 16 });
    const rewards = column(result, 'reward') as number[];
    const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
    // Uniform over 20 ids, one of 16 letters is `a`.
    expect(mean(rewards.slice(0, 3))).toBeLessThan(0.25);
    expect(mean(rewards.slice(-3))).toBeGreaterThan(0.6);
  },
);

test('training replays the repetition penalty it sampled with', async () => {
  const sampling = { repetitionPenalty: 1.5, temperature: 0.7, topP: 0.9, beta: 0.1 };
  // Each step samples anew and updates once, so that training scores with the sampler's weights.
  const result = await train({ ...sampling, maxSteps: 2 });
  for (const difference of column(result, 'sampling/sampling_logp_difference/max'))
    expect(difference).toBeLessThan(1e-4);
  // In the first step the policy is its own reference.
  expect(column(result, 'kl')[0]).toBeLessThan(1e-8);
});

test('metrics carry TRL’s names', async () => {
  const result = await train({ beta: 0.05, maxSteps: 1 });
  const [line] = metricLines(result.folder);
  const names = [
    'loss',
    'grad_norm',
    'learning_rate',
    'epoch',
    'num_tokens',
    'completions/mean_length',
    'completions/min_length',
    'completions/max_length',
    'completions/clipped_ratio',
    'completions/mean_terminated_length',
    'completions/min_terminated_length',
    'completions/max_terminated_length',
    'rewards/likesA/mean',
    'rewards/likesA/std',
    'reward',
    'reward_std',
    'frac_reward_zero_std',
    'entropy',
    'kl',
    'clip_ratio/low_mean',
    'clip_ratio/low_min',
    'clip_ratio/high_mean',
    'clip_ratio/high_max',
    'clip_ratio/region_mean',
    'sampling/sampling_logp_difference/mean',
    'sampling/importance_sampling_ratio/mean',
    'step_time',
  ];
  for (const name of names) expect(line).toHaveProperty([name]);
});

test('on policy, the sampler and the trainer agree to 1e-4', async () => {
  const result = await train({ maxSteps: 3, topK: 8, temperature: 0.8 });
  for (const name of ['min', 'mean', 'max'])
    for (const ratio of column(result, `sampling/importance_sampling_ratio/${name}`))
      expect(Math.abs(ratio! - 1)).toBeLessThan(1e-4);
});

test('events come in order', async () => {
  const events: TrainerEvent[] = [];
  await train({
    evalStrategy: 'steps',
    evalSteps: 2,
    evalExamples: promptExamples(['b']),
    saveSteps: 2,
    onEvent: (event) => events.push(event),
  });
  expect(events.map(({ type }) => type)).toEqual([
    'run-start',
    'step-start',
    'rollout-end',
    'step-end',
    'step-start',
    'rollout-end',
    'step-end',
    'evaluation-end',
    'checkpoint-end',
    'run-end',
  ]);
  const rollout = events.find((event) => event.type === 'rollout-end')!;
  expect(rollout.groups.length).toBe(2);
  expect(rollout.rewards).toEqual(
    rollout.groups.map(({ rollouts }) => rollouts.map(({ text }) => likesA(text))),
  );
});

test('a group shares its prompt’s advantages: they add up to 0 and follow the rewards', async () => {
  const { folder } = await train({ maxSteps: 1 });
  const groups = readCompletions(folder, 1);
  expect(groups.length).toBe(2);
  for (const { completions } of groups) {
    const advantages = completions.map(({ advantage }) => advantage!);
    expect(advantages.reduce((sum, advantage) => sum + advantage, 0)).toBeCloseTo(0, 6);
    const best = completions.reduce((a, b) => (b.reward! > a.reward! ? b : a));
    expect(best.advantage).toBe(Math.max(...advantages));
  }
});

test('a second pass over a generation is off policy, and is clipped at a high learning rate', async () => {
  const result = await train({ numIterations: 2, learningRate: 0.1, maxSteps: 4 });
  const clipped = column(result, 'clip_ratio/region_mean') as number[];
  // Steps 1 and 3 train what the same weights sampled, 2 and 4 what the weights before them did.
  expect([clipped[0], clipped[2]]).toEqual([0, 0]);
  expect(clipped[1]).toBeGreaterThan(0);
  expect(clipped[3]).toBeGreaterThan(0);
  // A generation is sampled once for its two passes.
  expect(column(result, 'reward').length).toBe(2);
});

test('several updates from one generation are off policy from the second on', async () => {
  const result = await train({
    perDeviceTrainBatchSize: 8,
    stepsPerGeneration: 4,
    learningRate: 0.1,
    maxSteps: 4,
  });
  const clipped = column(result, 'clip_ratio/region_mean') as number[];
  expect(clipped[0]).toBe(0);
  expect(Math.max(...clipped.slice(1))).toBeGreaterThan(0);
  expect(column(result, 'reward').length).toBe(1);
});

test('a wider upper clip clips less', async () => {
  const clippedHigh = async (epsilonHigh: number | null) => {
    const options = { numIterations: 2, learningRate: 0.05, maxSteps: 2, epsilonHigh };
    return column(await train(options), 'clip_ratio/high_mean')[1]!;
  };
  const [narrow, wide] = [await clippedHigh(null), await clippedHigh(100)];
  expect(narrow).toBeGreaterThan(0);
  expect(wide).toBe(0);
});

test.each(['k1', 'k2', 'k3'] as const)(
  'with beta the KL to the reference starts at 0 and grows (%s)',
  async (klEstimator) => {
    const result = await train({ beta: 0.01, klEstimator, maxSteps: 8 });
    const kl = column(result, 'kl') as number[];
    expect(Math.abs(kl[0]!)).toBeLessThan(1e-5);
    expect(kl.at(-1)).toBeGreaterThan(1e-2);
  },
);

test('without beta there is no KL', async () => {
  expect(column(await train(), 'kl')).toEqual([]);
});

test('a large beta holds the policy near the reference', async () => {
  const final = async (beta: number) =>
    column(await train({ beta, maxSteps: 12, learningRate: 0.01 }), 'kl').at(-1)!;
  expect(await final(10)).toBeLessThan((await final(1e-6)) / 2);
});

test('a reference moved all the way each step stays at KL 0', async () => {
  const result = await train({
    beta: 0.01,
    syncRefModel: true,
    refModelSyncSteps: 1,
    refModelMixupAlpha: 1,
    maxSteps: 4,
  });
  for (const kl of column(result, 'kl')) expect(Math.abs(kl!)).toBeLessThan(1e-5);
});

test('under rloo the KL comes off the reward and is not in the loss', async () => {
  const events: TrainerEvent[] = [];
  const onEvent = (event: TrainerEvent) => events.push(event);
  const { folder } = await train({ lossType: 'rloo', beta: 5, maxSteps: 3, onEvent });
  const groups = readCompletions(folder, 3);
  const [first] = groups;
  // Without the penalty, leave-one-out advantages are (reward − mean) · G / (G − 1).
  const rewards = first!.completions.map(({ reward }) => reward!);
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
  const plain = rewards.map((reward) => ((reward - mean) * 8) / 7);
  const found = first!.completions.map(({ advantage }) => advantage!);
  expect(Math.max(...found.map((a, g) => Math.abs(a - plain[g]!)))).toBeGreaterThan(1e-3);
});

const rollout = (changes: Partial<Rollout> = {}): Rollout => ({
  tokens: [1, 2],
  text: 'bc',
  logprobs: [-1, -2],
  finishReason: 'stop',
  ...changes,
});

const groupOf = (rollouts: Rollout[]): RolloutGroup => ({
  prompt: { example: { index: 0, columns: {} }, source: 'a', text: 'a', tokens: [0] },
  rollouts,
});

test('RLOO’s penalty is β times the summed difference of log-probabilities', () => {
  const groups = [groupOf([rollout(), rollout()]), groupOf([rollout({ logprobs: [-3, -3] })])];
  const references = [
    [-1.5, -2],
    [-1, -1],
    [-3, -3],
  ];
  const rewards = penalizeRewards([[1, null], [2]], groups, { references, coefficient: 0.5 });
  // −1 − 2 − (−1.5 − 2) = 0.5, half of which is 0.25.
  expect(rewards).toEqual([[0.75, null], [2]]);
});

test('truncated completions are masked where asked for, unscored ones always', () => {
  const groups = [groupOf([rollout(), rollout({ finishReason: 'length' }), rollout()])];
  const advantages = { advantages: [[1, 2, 0]], scoredMask: [[true, true, false]] };
  const masks = (maskTruncated: boolean) =>
    toSequences(groups, {
      advantages: advantages as never,
      references: undefined,
      maskTruncated,
    }).map(({ completionMask }) => completionMask);
  expect(masks(false)).toEqual([
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
  expect(masks(true)).toEqual([
    [1, 1],
    [0, 0],
    [0, 0],
  ]);
});

test('a step whose completions are all truncated and masked changes no weight', async () => {
  const policy = newPolicy();
  const before = weightsOf(policy);
  // One token: only an end of sequence is not truncated, and those get no advantage here.
  const result = await train({
    policy,
    maskTruncatedCompletions: true,
    maxCompletionLength: 1,
    reward: () => 1,
    maxSteps: 1,
  });
  expect(result.outcome).toBe('finished');
  expect(weightsOf(policy)).toEqual(before);
});

test('rewards that throw, hang, give NaN or abstain are missing, counted and never 0', async () => {
  const reward = (_: string, __: unknown, { index }: { index: number }) => {
    if (index === 0) throw new Error('no');
    if (index === 1) return new Promise<number>(() => {});
    if (index === 2) return Number.NaN;
    return index === 3 ? null : 5 + (index % 2);
  };
  const { folder } = await train({ reward, rewardTimeoutMs: 100, maxSteps: 1 });
  const [line] = metricLines(folder);
  // Of 8 completions of each of 2 prompts, 4 have no reward, one of them by abstaining; the rest are 5, 6, 5, 6.
  expect(line!['rollout/error_rate']).toBe(0.5);
  expect(line!['rollout/reward_failures']).toBe(6);
  expect(line!['reward']).toBe(5.5);
  for (const { completions } of readCompletions(folder, 1))
    expect(completions.map(({ reward: value }) => value)).toEqual([
      ...[null, null, null, null],
      ...[5, 6, 5, 6],
    ]);
});

test('a reward that never works trains nothing and ends well', async () => {
  const policy = newPolicy();
  const before = weightsOf(policy);
  const result = await train({
    policy,
    reward: () => {
      throw new Error('always');
    },
  });
  expect(result.outcome).toBe('finished');
  expect(weightsOf(policy)).toEqual(before);
  expect(metricLines(result.folder)[0]!['rollout/error_rate']).toBe(1);
});

test('two rewards are added by weight, and what they log is a metric', async () => {
  const short = (
    completion: string,
    _: unknown,
    context: { logMetric: (n: string, v: number) => void },
  ) => {
    context.logMetric('letters', completion.length);
    return -completion.length;
  };
  const { folder } = await train({ reward: [likesA, short], rewardWeights: [1, 0.5], maxSteps: 1 });
  const [line] = metricLines(folder);
  const [a, length] = [line!['rewards/likesA/mean']!, line!['rewards/short/mean']!];
  expect(line!['reward']).toBeCloseTo(a + 0.5 * length, 6);
  expect(line!['custom/letters']).toBeCloseTo(-length, 6);
});

test('evaluation is greedy at temperature 0, repeats, and stands in lines of its own', async () => {
  const { folder } = await train({
    learningRate: 0,
    evalStrategy: 'steps',
    evalSteps: 1,
    evalTemperature: 0,
    evalExamples: promptExamples(['b', 'h']),
    perDeviceEvalBatchSize: 8,
  });
  const evaluations = metricLines(folder).filter((line) => 'eval_reward' in line);
  expect(evaluations.length).toBe(2);
  expect(evaluations[0]!['eval_reward']).toBe(evaluations[1]!['eval_reward']);
  const [group] = readCompletions(folder, 1, 'eval');
  expect(new Set(group!.completions.map(({ text }) => text)).size).toBe(1);
});

test('prompts, those of evaluation too, must leave room for the completion', async () => {
  const long = 'b'.repeat(60);
  const refused =
    /row 1: its prompt has 60 tokens; .* context of 64. Set max_completion_length to at most 4/;
  await expect(train({ examples: promptExamples(['b', long]) })).rejects.toThrow(refused);
  const evaluation = { evalStrategy: 'steps', evalExamples: promptExamples(['b', long]) } as const;
  await expect(train(evaluation)).rejects.toThrow(refused);
  const endless = promptExamples(['b', 'b'.repeat(64)]);
  await expect(train({ examples: endless })).rejects.toThrow(/Leave out rows of 64 tokens or more/);
});

test.each([
  [{ numGenerations: 7 }, /do not divide into groups of num_generations 7/],
  [{ examples: promptExamples(['b']) }, /one generation takes 2 prompts .* has 1 rows/],
  [{ examples: promptExamples(['']) }, /row 0: the prompt is empty/],
  [{ evalStrategy: 'epoch' }, /no rows to evaluate on/],
] as [Partial<PolicyGradientTraining>, RegExp][])(
  'options that cannot work are refused before the first step (%#)',
  async (changes, message) => {
    const events: TrainerEvent[] = [];
    const training = train({ ...changes, onEvent: (event) => events.push(event) });
    await expect(training).rejects.toThrow(message);
    expect(events).toEqual([]);
  },
);

test('an unknown option names the nearest', async () => {
  const training = train({ numGeneration: 4 } as never);
  await expect(training).rejects.toThrow(ConfigError);
  await expect(train({ numGeneration: 4 } as never)).rejects.toThrow(/numGenerations/);
});

test('tensors do not pile up over steps', async () => {
  const result = await train({ maxSteps: 6, beta: 0.01, numIterations: 2 });
  const live = column(result, 'engine/live_tensors');
  expect(new Set(live.slice(2)).size).toBe(1);
});
