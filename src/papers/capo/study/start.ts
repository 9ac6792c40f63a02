import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { randomIntegers, streamSeed } from '../../../data/index.ts';
import { Policy, resolveSampling } from '../../../policy/index.ts';
import { collectRollouts, makePrompt } from '../../../rollouts/index.ts';
import { Generator } from '../../../tensor/index.ts';
import { charTokenizer } from '../../../tokenizers/index.ts';
import { trainSupervised } from '../../../trainers/index.ts';
import type { Prompt } from '../../../types.ts';
import type { Json } from '../../runner/cell.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import { type ChainProblem, type ChainTask, drawProblems } from '../tasks/chain-task.ts';
import { countdownTask } from '../tasks/countdown.ts';
import { sumsTask } from '../tasks/sums.ts';
import type { TaskSettings } from './settings.ts';

/** Independent streams of one seed. */
export const streams = { solutions: 1, practice: 2, heldOut: 3 } as const;

export const taskOf = ({ task }: TaskSettings): ChainTask =>
  task.kind === 'sums' ? sumsTask(task) : countdownTask(task);

export const rowOf = ({ prompt, columns }: ChainProblem, index: number) => ({
  prompt,
  example: { index, columns },
});

/** Held-out problems, the same for every seed, and the share of them that a policy answers right. */
export function accuracyMeter(task: ChainTask, count: number) {
  const problems = drawProblems(task, count, randomIntegers(streamSeed(0, streams.heldOut)), {
    heldOut: true,
  });
  return async (policy: Policy): Promise<number> => {
    const prompts: Prompt[] = problems.map((problem, index) =>
      makePrompt(rowOf(problem, index), policy.tokenizer),
    );
    const groups = await collectRollouts(policy, prompts, {
      groupSize: 1,
      sampling: resolveSampling({ maxCompletionLength: task.maxCompletionLength }),
      generator: new Generator(0),
    });
    const right = groups.map(({ rollouts }, p) =>
      task.check(rollouts[0]!.text, problems[p]!.columns),
    );
    return right.reduce((sum, value) => sum + value, 0) / right.length;
  };
}

const WORK = 'work';

/** Where a start cell leaves its policy. */
export const modelFolder = (folder: string): string => join(folder, 'model');

export const loadStart = (folder: string, task: ChainTask): Policy =>
  Policy.load(modelFolder(folder), { tokenizer: charTokenizer(task.alphabet) });

/** Supervises a new policy until it answers the wanted share of held-out problems, and keeps it. */
export async function computeStart(
  settings: TaskSettings,
  seed: number,
  { folder, report }: CellContext,
): Promise<Json> {
  const { start, practice } = settings;
  const task = taskOf(settings);
  const policy = Policy.create(
    {
      hiddenSize: start.hiddenSize,
      numHiddenLayers: start.layers,
      numAttentionHeads: 4,
      maxPositionEmbeddings: 128,
      initializerRange: 0.05,
      tieWordEmbeddings: false,
    },
    charTokenizer(task.alphabet),
    { seed },
  );
  const random = randomIntegers(streamSeed(seed, streams.solutions));
  const problems = drawProblems(task, start.problems, random, { heldOut: false });
  const measure = accuracyMeter(task, practice.heldOut);
  const measured: number[] = [];
  const controller = new AbortController();
  rmSync(join(folder, WORK), { recursive: true, force: true });
  const { step } = await trainSupervised({
    policy,
    examples: problems.map((problem, index) => ({
      ...rowOf(problem, index),
      completion: problem.solution,
    })),
    seed,
    maxSteps: start.maxSteps,
    perDeviceTrainBatchSize: start.batch,
    learningRate: start.learningRate,
    lrSchedulerType: 'constant_with_warmup',
    warmupSteps: 20,
    adamBeta2: 0.99,
    weightDecay: 0.1,
    evaluate: async (now) => {
      const accuracy = await measure(now);
      measured.push(accuracy);
      report(`accuracy ${accuracy.toFixed(3)}`);
      if (accuracy >= start.accuracy) controller.abort();
      return {};
    },
    evalStrategy: 'steps',
    evalSteps: start.checkSteps,
    saveStrategy: 'no',
    loggingSteps: 100,
    outputDir: join(folder, WORK, 'run'),
    console: null,
    signal: controller.signal,
  });
  rmSync(join(folder, WORK), { recursive: true, force: true });
  policy.save(modelFolder(folder));
  return { steps: step, accuracies: measured, accuracy: measured.at(-1) ?? 0 };
}
