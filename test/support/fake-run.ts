/** Runs that no model made, written by the real writers. */
import { JsonlSink } from '../../src/metrics/index.ts';
import {
  type CompletionRecord,
  createRun,
  type GroupRecord,
  type Run,
  writeCompletions,
  writeTokens,
} from '../../src/runs/index.ts';
import { byteTokenizer } from '../../src/tokenizers/index.ts';

/** What a run is made of. */
export interface FakeRun {
  readonly name: string;
  readonly seed?: number;
  readonly steps?: number;
  /** Steps whose completions and tokens are stored. */
  readonly completionSteps?: readonly number[];
  readonly options?: Readonly<Record<string, unknown>>;
  /** Metrics of a step; a reward that rises from 0 to 1 unless given. */
  readonly metricsAt?: (step: number) => Record<string, number>;
}

/** Starts a run in this process, which holds its lock until it is closed. */
export function startFakeRun(
  root: string,
  { name, seed = 0, steps = 20, options = {} }: FakeRun,
): Run {
  const yaml = { tokenizer: 'byte', learning_rate: 1e-3, seed, ...options };
  return createRun(
    {
      trainer: 'grpo',
      seed,
      configYaml: Object.entries(yaml)
        .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
        .join(''),
      fingerprint: { libtorch: '2.4.0', threads: 1 },
      laurelVersion: '0.1.0',
      totalSteps: steps,
      command: ['/usr/bin/laurel', 'grpo', '--config', 'grpo.yaml'],
    },
    { root, name },
  );
}

const rewardAt = (step: number, steps: number): number => step / steps;

/** Logs steps of a run, first to last. */
export function logSteps(
  run: Run,
  first: number,
  last: number,
  metricsAt: (step: number) => Record<string, number> = (step) => ({ reward: step / 20 }),
): void {
  const sink = new JsonlSink(run.metricsFile);
  for (let step = first; step <= last; step++)
    sink.write({ step, time: 1_700_000_000 + step, metrics: metricsAt(step) });
}

/** Makes a whole run and ends it. @returns its folder. */
export function makeFakeRun(root: string, fake: FakeRun): string {
  const { steps = 20, completionSteps = [], metricsAt } = fake;
  const run = startFakeRun(root, fake);
  logSteps(run, 1, steps, metricsAt ?? ((step) => usualMetrics(step, steps)));
  for (const step of completionSteps) writeStep(run.folder, step);
  run.close('finished', { lastStep: steps });
  return run.folder;
}

const usualMetrics = (step: number, steps: number): Record<string, number> => ({
  reward: rewardAt(step, steps),
  loss: 1 - rewardAt(step, steps),
  'completions/mean_length': 10 + step,
  num_tokens: step * 100,
  'time/generation': 0.5,
  'engine/live_tensors': 12,
});

/** What the fake policy answers: two prompts, two completions each, the second always cut short. */
export function fakeGroups(step: number): GroupRecord[] {
  return [0, 1].map((example) => ({
    step,
    example,
    prompt: `Question ${example}: 2+${example}=`,
    completions: [
      completion(`It is ${2 + example}. Step ${step} — 你好`, 'stop', 1),
      completion(`I would say that it ${example}`, 'length', 0),
    ],
  }));
}

function completion(
  text: string,
  finish_reason: 'stop' | 'length',
  reward: number,
): CompletionRecord {
  const length = tokensOf(text).length;
  return {
    text,
    finish_reason,
    length,
    reward,
    rewards: { right: reward },
    advantage: reward - 0.5,
  };
}

const tokensOf = (text: string): number[] => byteTokenizer().encode(text);

/** Stores a step's completions and the tokens of all of them, the third token of each left out of training. */
export function writeStep(folder: string, step: number): void {
  const groups = fakeGroups(step);
  writeCompletions(folder, step, groups);
  const all = groups.flatMap(({ completions }) => completions);
  const tokens = all.map(({ text }) => tokensOf(text));
  const flat = tokens.flat();
  writeTokens(folder, step, {
    offsets: endsOf(tokens.map(({ length }) => length)),
    completionSteps: all.map(() => step),
    completions: all.map((_, index) => index),
    promptLengths: all.map(() => 15),
    positions: tokens.flatMap((each) => each.map((_, position) => position)),
    tokenIds: flat,
    logprobs: flat.map((_, index) => -(index % 7) / 4),
    entropies: flat.map((_, index) => (index % 5) / 4),
    advantages: tokens.flatMap((each, index) => each.map(() => all[index]!.advantage!)),
    ratios: flat.map(() => 1),
    trainedMask: tokens.flatMap((each) => each.map((_, position) => (position === 2 ? 0 : 1))),
  });
}

/** 0, and the running sums. */
function endsOf(lengths: readonly number[]): number[] {
  const ends = [0];
  for (const length of lengths) ends.push(ends.at(-1)! + length);
  return ends;
}
