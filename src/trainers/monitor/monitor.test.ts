import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  checkpointBytes,
  checkpointSteps,
  metricLines,
  timelessLines,
} from '../../../test/support/run-files.ts';
import {
  letters,
  promptExamples,
  temporaryFolder,
  tinyPolicy,
} from '../../../test/support/tiny-policy.ts';
import type { PreferenceExample } from '../../data/index.ts';
import { parameters } from '../../models/index.ts';
import type { Policy } from '../../policy/index.ts';
import { makePrompt } from '../../rollouts/index.ts';
import { readEvents } from '../../runs/index.ts';
import {
  type MonitorOptions,
  monitor,
  type PreferenceTraining,
  preferencePair,
  type TrainerEvent,
  type TurnDetector,
  trainPolicyGradient,
  trainPreference,
  trainSupervised,
} from '../index.ts';
import { meanLikelihood } from './measure-pairs.ts';

const root = temporaryFolder();
let runs = 0;
const newFolder = () => join(root, `run-${runs++}`);

const examples: PreferenceExample[] = Array.from('abcdefgh', (letter, index) => ({
  example: { index, columns: {} },
  prompt: letter,
  chosen: 'bcdefghi'.slice(index, index + 1 + (index % 2)),
  rejected: 'p'.repeat(1 + (index % 3)),
}));
const pairs = examples.map((row) =>
  preferencePair(row, letters, { maxLength: null, contextLength: 64 }),
);
const prompts = promptExamples(['a', 'b', 'cd', 'efg']).map((row) => makePrompt(row, letters));

const settings: MonitorOptions = {
  steps: 2,
  prompts,
  pairs,
  maxCompletionLength: 6,
  temperature: 1,
  topP: 1,
  topK: 3,
  diversityTokens: 12,
};

const train = ({
  policy = tinyPolicy(),
  ...changes
}: Partial<PreferenceTraining> & { policy?: Policy }) =>
  trainPreference({
    policy,
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

/** Trains a policy that a monitor looks at. */
const monitored = (
  options: Partial<MonitorOptions> = {},
  changes: Partial<PreferenceTraining> = {},
) => {
  const policy = changes.policy ?? tinyPolicy();
  return train({ ...changes, policy, callbacks: [monitor(policy, { ...settings, ...options })] });
};

const monitorLines = (run: string) =>
  metricLines(run).filter((line) => 'monitor/top_k_entropy' in line);

test('it measures pairs and completions before the first step and every two, in the metric table’s names', async () => {
  const { folder } = await monitored({}, { maxSteps: 4 });
  const lines = monitorLines(folder);
  expect(lines.map(({ step }) => step)).toEqual([0, 2, 4]);
  const first = lines[0] as unknown as Record<string, number>;
  expect(Object.keys(first).filter((key) => key.startsWith('monitor/'))).toEqual([
    'monitor/likelihood_chosen',
    'monitor/likelihood_rejected',
    'monitor/likelihood_gap',
    'monitor/top_k_entropy',
    'monitor/top_k_entropy_renormalized',
    'monitor/top_k_mass',
    'monitor/cross_input_diversity',
    'monitor/cross_input_diversity_paper',
    'monitor/cross_input_distinct',
    'monitor/diversity_tokens',
    'monitor/per_input_diversity',
    'monitor/mean_length',
    'monitor/runtime',
  ]);
  expect(first['monitor/likelihood_gap']).toBeCloseTo(
    first['monitor/likelihood_chosen']! - first['monitor/likelihood_rejected']!,
    12,
  );
  expect(first['monitor/diversity_tokens']).toBeLessThanOrEqual(12);
});

test('likelihood is the mean over sequences of the average token’s', async () => {
  const policy = tinyPolicy({}, { dtype: 'float64' });
  const sequences = pairs.map(({ chosen }) => chosen);
  const means = examples.map(({ prompt, chosen }) => {
    const tokens = [...letters.encode(chosen as string), letters.eosTokenId];
    const [logprobs] = policy.score(prompt as string, [{ tokens }]);
    return logprobs!.reduce((sum, value) => sum + value, 0) / logprobs!.length;
  });
  const expected = means.reduce((sum, value) => sum + value, 0) / means.length;
  for (const batchSize of [1, 3, 8])
    expect(await meanLikelihood(policy, sequences, { batchSize })).toBeCloseTo(expected, 9);
});

const weightsOf = ({ model }: Policy) =>
  [...parameters(model).values()].flatMap((parameter) => parameter.toArray());

test('it changes nothing that is learned, whatever the trainer', async () => {
  const shared = { learningRate: 0.01, maxSteps: 4, loggingSteps: 1, console: null };
  const kinds: ((policy: Policy, callbacks: ReturnType<typeof monitor>[]) => Promise<unknown>)[] = [
    (policy, callbacks) => train({ policy, maxSteps: 4, callbacks }),
    (policy, callbacks) =>
      trainSupervised({
        ...shared,
        ...{ policy, callbacks, outputDir: newFolder() },
        examples: examples.map(({ example, prompt, chosen: completion }) => ({
          ...{ example, prompt, completion },
        })),
      }),
    (policy, callbacks) =>
      trainPolicyGradient({
        ...shared,
        ...{ policy, callbacks, outputDir: newFolder() },
        examples: promptExamples(['a', 'bc']),
        reward: (completion) => completion.length,
        numGenerations: 4,
        perDeviceTrainBatchSize: 4,
        maxCompletionLength: 5,
      }),
  ];
  for (const kind of kinds) {
    const [plain, watched] = [tinyPolicy(), tinyPolicy()];
    await kind(plain, []);
    await kind(watched, [monitor(watched, settings)]);
    expect(weightsOf(watched)).toEqual(weightsOf(plain));
  }
});

/** Sees a turn at step 2, when it is told of step 6. */
const turnAtTwo: TurnDetector<{ readonly seen: number }> = {
  initial: { seen: 0 },
  advance: ({ seen }, { step }) => ({
    state: { seen: seen + 1 },
    turns: step === 6 ? [{ indicator: 'test', step: 2, seenAt: step, message: 'past step 2' }] : [],
    metrics: { 'monitor/turning_step': seen },
  }),
  candidates: () => [2],
};

test('a turning point is told in the terminal and on the timeline, and its checkpoint is kept', async () => {
  const events: TrainerEvent[] = [];
  const { folder, stop } = await monitored(
    { detector: turnAtTwo },
    { saveTotalLimit: 1, onEvent: (event) => events.push(event) },
  );
  expect(stop).toBeUndefined();
  expect(events).toContainEqual({ type: 'warning', message: 'past step 2' });
  expect(readEvents(folder).filter(({ message }) => message === 'past step 2')).toMatchObject([
    { step: 6, kind: 'monitor', name: 'test' },
  ]);
  expect(checkpointSteps(folder)).toEqual([2, 8]);
});

test('with stopsEarly the run ends at the turning point’s checkpoint', async () => {
  const result = await monitored({ detector: turnAtTwo, stopsEarly: true }, { saveTotalLimit: 1 });
  expect(result).toMatchObject({
    step: 6,
    stop: { reason: 'past step 2', bestStep: 2 },
    checkpoint: expect.stringMatching(/checkpoint-2$/),
  });
});

test.each([
  ['before it is measured', 'step-end'],
  ['after', 'callback-end'],
] as const)(
  'interrupted at step 4 %s and resumed, a run has the same bits, measurements and turns',
  async (_, type) => {
    const reward = (completion: string) => completion.length / 5;
    const options = { detector: turnAtTwo, win: { reward } };
    const straight = await monitored(options);
    const abort = new AbortController();
    const outputDir = newFolder();
    const onEvent = (event: TrainerEvent) => {
      if (event.type === type && event.step === 4) abort.abort();
    };
    await monitored(options, { outputDir, signal: abort.signal, onEvent });
    const events: TrainerEvent[] = [];
    await monitored(options, {
      ...{ outputDir, policy: tinyPolicy({}, { seed: 99 }), resumeFromCheckpoint: true },
      onEvent: (event) => events.push(event),
    });
    expect(timelessLines(outputDir)).toEqual(timelessLines(straight.folder));
    expect(checkpointBytes(outputDir, 8)).toEqual(checkpointBytes(straight.folder, 8));
    expect(events.filter((event) => event.type === 'warning')).toEqual([
      { type: 'warning', message: 'past step 2' },
    ]);
  },
);

test('a monitor with other settings is told of at resume', async () => {
  const outputDir = newFolder();
  await monitored({}, { outputDir, maxSteps: 2 });
  const events: TrainerEvent[] = [];
  await monitored(
    { topK: 5 },
    { outputDir, resumeFromCheckpoint: true, onEvent: (event) => events.push(event) },
  );
  expect(events).toContainEqual({
    type: 'warning',
    message: 'resuming with another monitor than the run was started with (topK: 3 → 5)',
  });
});

const byLength = (completion: string) => completion.length;
const wins = (run: string) => monitorLines(run).map((line) => line['monitor/win_probability']!);

test('win probability compares with completions that are given', async () => {
  // Rewards of 0 against rewards of −ln 3, for what the policy cannot write: σ(ln 3) = 3/4.
  const reward = (completion: string) => (completion === 'pppppppppp' ? -Math.log(3) : 0);
  const against = (text: string) => prompts.map(() => [text]);
  const even = await monitored({ win: { reward, completions: against('a') } }, { maxSteps: 2 });
  expect(wins(even.folder)).toEqual([0.5, 0.5]);
  const better = await monitored(
    { win: { reward, completions: against('pppppppppp') } },
    { maxSteps: 2 },
  );
  expect(wins(better.folder)).toBeAllClose([0.75, 0.75], { rtol: 1e-12 });
  const wrong = () => monitor(tinyPolicy(), { ...settings, win: { reward, completions: [['a']] } });
  expect(wrong).toThrow(/are of 1 prompts, and the monitor has 4/);
});

test('the reference’s completions are drawn once, kept beside the run, and drawn anew when damaged', async () => {
  const outputDir = newFolder();
  const file = join(outputDir, 'monitor-reference.json');
  const reference = () => tinyPolicy();
  const options = { win: { reward: byLength, reference } };
  await monitored(options, { outputDir, maxSteps: 2 });
  const kept = readFileSync(file, 'utf8');
  const { completions } = JSON.parse(kept) as { completions: unknown[][] };
  expect(completions.map((group) => group.length)).toEqual([2, 2, 2, 2]);

  writeFileSync(file, kept.replace(/"text":"\w?/, '"text":"z'));
  const events: TrainerEvent[] = [];
  await monitored(options, {
    ...{ outputDir, maxSteps: 4, resumeFromCheckpoint: true },
    onEvent: (event) => events.push(event),
  });
  expect(events).toContainEqual({
    type: 'warning',
    message: expect.stringContaining('monitor-reference.json is damaged'),
  });
  expect(readFileSync(file, 'utf8')).toBe(kept);

  writeFileSync(file, '');
  const without = monitored(
    { win: { reward: byLength } },
    { outputDir, maxSteps: 6, resumeFromCheckpoint: true },
  );
  await expect(without).rejects.toThrow(/at step 6 the policy is no longer what it was/);
});

test('a prompt without room for a completion, and nothing to look at, are refused at once', () => {
  const policy = tinyPolicy();
  expect(() => monitor(policy, { ...settings, maxCompletionLength: 62 })).toThrow(
    /prompt of row 3 has 3 tokens; with completions of 62 it exceeds the model's context of 64/,
  );
  expect(() => monitor(policy, { steps: 2 })).toThrow(/needs held-out prompts or pairs/);
});
