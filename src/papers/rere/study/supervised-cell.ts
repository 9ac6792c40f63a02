import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parameters } from '../../../models/index.ts';
import { Policy } from '../../../policy/index.ts';
import {
  generativeRecommender,
  trainSupervisedRecommender,
} from '../../../recommendation/index.ts';
import type { Json } from '../../runner/cell.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import { measure, pairedNdcg } from './measure.ts';
import type { TaskSettings } from './settings.ts';
import { loadTask, newQuestions } from './task-data.ts';
import { TrainingCurve } from './training-curve.ts';

/** Where a cell leaves its model for others. */
export const MODEL = 'model';
/** Where runs are written; removed when they are done. */
export const WORK = 'work';

/** Trains a decoder on what users took next, and leaves the best of its validations in the cell's folder. */
export async function computeSupervised(
  task: TaskSettings,
  seed: number,
  context: CellContext,
): Promise<Json> {
  const { folder, report, signal } = context;
  const { data, language } = await loadTask(task, context.data);
  const { hiddenSize, intermediateSize, layers, heads, evalEpochs, ...training } = task.supervised;
  const curve = new TrainingCurve(report);
  const startedAt = performance.now();
  const { policy } = await trainSupervisedRecommender({
    data,
    language,
    model: {
      hiddenSize,
      ...(intermediateSize !== undefined && { intermediateSize }),
      numHiddenLayers: layers,
      numAttentionHeads: heads,
    },
    learningRate: training.learningRate,
    weightDecay: training.weightDecay,
    hiddenDropout: training.dropout,
    perDeviceTrainBatchSize: training.batch,
    numTrainEpochs: training.epochs,
    lrSchedulerType: 'cosine',
    warmupSteps: 200,
    adamBeta2: 0.98,
    maxGradNorm: 1,
    trainSamplingStrategy: 'group_by_length',
    evalStrategy: 'steps',
    evalSteps: Math.min(1, evalEpochs / training.epochs),
    earlyStoppingPatience: 3,
    validation: validationOf(task),
    seed,
    loggingSteps: 20,
    outputDir: join(folder, WORK, 'run'),
    console: null,
    signal,
    onEvent: curve.onEvent,
  });
  const trainingSeconds = Math.round((performance.now() - startedAt) / 1000);
  rmSync(join(folder, WORK), { recursive: true, force: true });
  policy.save(join(folder, MODEL));
  const { width } = task.measure;
  const recommender = generativeRecommender(policy, language, { width });
  const measured = await measure(recommender, {
    data,
    language,
    settings: task.measure,
    context,
  });
  return toJson({
    parameters: [...parameters(policy.model).values()].reduce((sum, { size }) => sum + size, 0),
    trainingSeconds,
    curve: curve.points,
    ...measured,
  });
}

/** The last weights are kept. */
export const unvalidated = { evalStrategy: 'no', saveStrategy: 'no' } as const;

/**
 * Goes on from the supervised start with as many questions that it has not learned as training by reward sees: what is
 * new in the questions apart from what is new in the objective.
 */
export async function computeSupervisedNew(
  task: TaskSettings,
  { seed, start, context }: { seed: number; start: string; context: CellContext },
): Promise<Json> {
  const { folder, report, signal } = context;
  const policy = Policy.load(join(start, MODEL));
  const { data, language } = await loadTask(task, context.data, policy.tokenizer);
  const { supervised, reward, newRates, measure: settings } = task;
  const startedAt = performance.now();
  await trainSupervisedRecommender({
    data: newQuestions(data),
    language,
    policy,
    learningRate: newRates.supervised,
    weightDecay: supervised.weightDecay,
    hiddenDropout: reward.dropout,
    perDeviceTrainBatchSize: reward.promptsPerStep,
    maxSteps: reward.steps,
    lrSchedulerType: 'cosine',
    warmupSteps: 10,
    adamBeta2: 0.98,
    maxGradNorm: 1,
    ...unvalidated,
    validation: null,
    seed,
    loggingSteps: 20,
    outputDir: join(folder, WORK, 'run'),
    console: null,
    signal,
    onEvent: new TrainingCurve(report).onEvent,
  });
  const trainingSeconds = Math.round((performance.now() - startedAt) / 1000);
  rmSync(join(folder, WORK), { recursive: true, force: true });
  const recommender = generativeRecommender(policy, language, { width: settings.width });
  const measured = await measure(recommender, {
    data,
    language,
    settings,
    isValidLearned: true,
    context,
  });
  return toJson({ trainingSeconds, ...measured, overStart: pairedNdcg(folder, start) });
}

/** The questions of a task that choose checkpoints: the same ones for every arm and seed. */
export const validationOf = ({
  measure: { validationQuestions, validationWidth },
}: TaskSettings) => ({
  questions: validationQuestions,
  width: validationWidth,
  historyItems: 'left-out' as const,
  seed: 0,
});

export const toJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
