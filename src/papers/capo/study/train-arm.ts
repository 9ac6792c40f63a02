import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { randomIntegers, streamSeed } from '../../../data/index.ts';
import type { Metrics } from '../../../metrics/index.ts';
import { parameters } from '../../../models/index.ts';
import { headOf, type Policy } from '../../../policy/index.ts';
import { type TrainerEvent, trainPolicyGradient } from '../../../trainers/index.ts';
import type { Json } from '../../runner/cell.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import { capoTokenFilter } from '../capo-token-filter.ts';
import { SparseAdam } from '../sparse-adam.ts';
import { drawProblems } from '../tasks/chain-task.ts';
import type { Arm } from './arms.ts';
import type { TaskSettings } from './settings.ts';
import { accuracyMeter, loadStart, rowOf, streams, taskOf } from './start.ts';

/** No token is ever rejected: the filter only measures. */
const UNBOUNDED = { objective: 1e9, policy: 1e9 };

/** What one optimiser step reported. */
export interface StepPoint {
  /** Completions seen when it had been made. */
  readonly completions: number;
  /** Share of its own completions that were right. */
  readonly accuracy: number;
  readonly entropy: number;
  readonly gradNorm: number;
  readonly length: number;
  /** Shares of tokens left out: all, those of positive and of negative advantage. */
  readonly rejected: number;
  readonly rejectedPositive: number;
  readonly rejectedNegative: number;
  /** Predicted shifts before the filter: largest of a token, mean over tokens. */
  readonly objectiveMax: number;
  readonly policyMax: number;
  readonly policyMean: number;
  readonly updateSeconds: number;
}

const at = (metrics: Metrics, key: string): number =>
  (metrics as Readonly<Record<string, number>>)[key] ?? 0;

const pointOf = (metrics: Metrics, completions: number, updateSeconds: number): StepPoint => ({
  completions,
  accuracy: at(metrics, 'reward'),
  entropy: at(metrics, 'entropy'),
  gradNorm: at(metrics, 'grad_norm'),
  length: at(metrics, 'completions/mean_length'),
  rejected: at(metrics, 'token_filter/rejected'),
  rejectedPositive: at(metrics, 'token_filter/rejected_positive'),
  rejectedNegative: at(metrics, 'token_filter/rejected_negative'),
  objectiveMax: at(metrics, 'token_filter/objective_shift_before/token_max'),
  policyMax: at(metrics, 'token_filter/policy_shift_before/token_max'),
  policyMean: at(metrics, 'token_filter/policy_shift_before/batch_mean'),
  updateSeconds,
});

/** What a run of the arm sees in all. */
const completionsOf = ({ more }: Arm, { completions }: TaskSettings['practice']): number =>
  completions * (more?.inAll ?? 1);

/** Batches, rates and schedule of an arm. */
export function optionsOf(arm: Arm, { practice, regimes }: TaskSettings) {
  const { learningRate, ...regime } = regimes[arm.regime];
  const completionsPerStep = regime.completionsPerStep * (arm.more?.perStep ?? 1);
  const passes = arm.clip?.passes ?? 1;
  const micro = Math.min(completionsPerStep, practice.microBatch);
  return {
    lossType: arm.algorithm,
    scaleRewards: arm.algorithm === 'grpo' ? ('group' as const) : ('none' as const),
    numGenerations: practice.groupSize,
    perDeviceTrainBatchSize: micro,
    gradientAccumulationSteps: completionsPerStep / micro,
    numIterations: passes,
    epsilon: arm.clip?.range ?? 0.2,
    beta: arm.klCoefficient ?? 0,
    maxSteps: (completionsOf(arm, practice) / completionsPerStep) * passes,
    learningRate: learningRate * (arm.rateShare ?? 1),
    lrSchedulerType: practice.schedule,
    warmupRatio: 0.1,
    maxGradNorm: arm.maxGradNorm ?? 1,
    logprobDistribution: 'full' as const,
  };
}

/** Leaves only the head trainable. */
export function freezeTrunk({ model }: Policy): void {
  const head = headOf(model);
  for (const tensor of parameters(model).values()) tensor.requireGrad(tensor === head);
}

const WORK = 'work';

/** Practises by one arm from the seed's start; returns its curve. */
export async function computeArm(
  arm: Arm,
  settings: TaskSettings,
  { seed, start, context }: { seed: number; start: string; context: CellContext },
): Promise<Json> {
  const { practice } = settings;
  const task = taskOf(settings);
  const policy = loadStart(start, task);
  if (arm.trains === 'head') freezeTrunk(policy);
  const options = optionsOf(arm, settings);
  const measure = accuracyMeter(task, practice.heldOut);
  const random = randomIntegers(streamSeed(seed, streams.practice));
  const completions = completionsOf(arm, practice);
  const count = completions / practice.groupSize;
  const problems = drawProblems(task, count, random, { heldOut: false });
  const perStep = completions / options.maxSteps;
  const steps: StepPoint[] = [];
  const heldOut: { completions: number; accuracy: number }[] = [];
  let startedAt = performance.now();
  const onEvent = (event: TrainerEvent) => {
    if (event.type === 'step-start') startedAt = performance.now();
    if (event.type !== 'step-end') return;
    const seconds = (performance.now() - startedAt) / 1000 - at(event.metrics, 'time/generation');
    steps.push(pointOf(event.metrics, Math.round(event.step * perStep), seconds));
    if (event.step % 10 === 0)
      context.report(`step ${event.step}, ${steps.at(-1)!.accuracy.toFixed(2)}`);
  };
  const bounds = arm.bounds ?? UNBOUNDED;
  await trainPolicyGradient({
    ...options,
    policy,
    examples: problems.map(rowOf),
    shuffleDataset: false,
    reward: (completion: string, columns) => task.check(completion, columns),
    maxCompletionLength: task.maxCompletionLength,
    tokenFilter: capoTokenFilter({
      objectiveBound: bounds.objective,
      policyBound: bounds.policy,
      level: arm.level ?? 'token',
      topTokens: policy.model.config.vocabSize,
      stepModel: new SparseAdam({ vocabSize: policy.model.config.vocabSize }),
    }),
    evaluate: async (now) => {
      const accuracy = await measure(now);
      heldOut.push({ completions: steps.at(-1)?.completions ?? 0, accuracy });
      return {};
    },
    evalStrategy: 'steps',
    evalSteps: Math.max(1, Math.round(options.maxSteps / practice.measurements)),
    evalOnStart: true,
    seed,
    saveStrategy: 'no',
    loggingSteps: 1,
    tokenRecordRate: 0,
    outputDir: join(context.folder, WORK, 'run'),
    onEvent,
    console: null,
  });
  rmSync(join(context.folder, WORK), { recursive: true, force: true });
  return { steps, heldOut } as unknown as Json;
}
