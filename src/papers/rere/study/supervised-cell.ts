import { join } from 'node:path';
import { parameters } from '../../../models/index.ts';
import { Policy } from '../../../policy/index.ts';
import { learnValidation, trainSupervisedRecommender } from '../../../recommendation/index.ts';
import type { Json } from '../../runner/cell.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import { pairedNdcg } from './measure.ts';
import type { TaskSettings } from './settings.ts';
import { loadTask } from './task-data.ts';
import { measurePolicy, train } from './train-and-measure.ts';
import { TrainingCurve } from './training-curve.ts';

/** Where a cell leaves its model for others. */
export const MODEL = 'model';

/** Trains a decoder on what users took next, and leaves the best of its validations in the cell's folder. */
export async function computeSupervised(
  task: TaskSettings,
  seed: number,
  context: CellContext,
): Promise<Json> {
  const { folder, report } = context;
  const { data, language } = await loadTask(task, context.data);
  const { hiddenSize, intermediateSize, layers, heads, evalEpochs, ...training } = task.supervised;
  const curve = new TrainingCurve(report);
  const { result, trainingSeconds } = await train(context, (run) =>
    trainSupervisedRecommender({
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
      trainSamplingStrategy: training.order,
      evalStrategy: 'steps',
      evalSteps: Math.min(1, evalEpochs / training.epochs),
      earlyStoppingPatience: 3,
      validation: validationOf(task),
      seed,
      loggingSteps: 20,
      ...run,
      onEvent: curve.onEvent,
    }),
  );
  const { policy } = result;
  policy.save(join(folder, MODEL));
  const measured = await measurePolicy(policy, {
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
  const { folder, report } = context;
  const policy = Policy.load(join(start, MODEL));
  const { data, language } = await loadTask(task, context.data, policy.tokenizer);
  const { supervised, reward, newQuestions: own, measure: settings } = task;
  const { trainingSeconds } = await train(context, (run) =>
    trainSupervisedRecommender({
      data: learnValidation(data),
      language,
      policy,
      learningRate: own.supervised,
      weightDecay: supervised.weightDecay,
      hiddenDropout: reward.dropout,
      perDeviceTrainBatchSize: reward.promptsPerStep,
      maxSteps: own.steps,
      lrSchedulerType: 'cosine',
      warmupSteps: 10,
      adamBeta2: 0.98,
      maxGradNorm: 1,
      ...unvalidated,
      validation: null,
      seed,
      loggingSteps: 20,
      ...run,
      onEvent: new TrainingCurve(report).onEvent,
    }),
  );
  const measured = await measurePolicy(policy, {
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
