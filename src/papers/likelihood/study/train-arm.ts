import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PreferenceExample } from '../../../data/index.ts';
import type { Policy } from '../../../policy/index.ts';
import { type OnTrainerEvent, preferencePair, trainPreference } from '../../../trainers/index.ts';
import { type Arm, presetOf } from './arms.ts';
import { measurePairs, type PairMeasures } from './measurement.ts';
import type { TrainingSettings } from './settings.ts';

/** What a run is at one step. */
export interface Measurement extends PairMeasures {
  readonly step: number;
  /** Of the run's own loss, on held-out pairs. */
  readonly validationLoss: number;
  /** Of held-out pairs, by log π_θ/π_ref: the share that are ranked right, and the mean difference in nats. */
  readonly accuracy: number;
  readonly margin: number;
  readonly [measure: string]: number;
}

export interface ArmTraining {
  readonly arm: Arm;
  readonly settings: TrainingSettings;
  readonly policy: Policy;
  readonly train: readonly PreferenceExample[];
  readonly held: readonly PreferenceExample[];
  readonly maxLength: number | null;
  readonly seed: number;
  /** The run's folder; removed afterwards. */
  readonly folder: string;
  /** Further measures of a policy by its completions. */
  readonly measure: (policy: Policy) => Promise<Readonly<Record<string, number>>>;
  readonly report: (progress: string) => void;
}

/** Trains one arm and measures it before the first step and every `evalSteps`. */
export async function trainArm(training: ArmTraining): Promise<Measurement[]> {
  const { arm, settings, policy, held, folder, report, seed, train, maxLength } = training;
  const { maxPositionEmbeddings: contextLength } = policy.model.config;
  const pairs = held.map((row) =>
    preferencePair(row, policy.tokenizer, { maxLength, contextLength }),
  );
  const measurements: Measurement[] = [];
  let pending: Readonly<Record<string, number>> & PairMeasures;
  const onEvent: OnTrainerEvent = (event) => {
    if (event.type === 'step-end' && event.step % 10 === 0) report(`step ${event.step}`);
    if (event.type !== 'evaluation-end') return;
    const { metrics } = event;
    measurements.push({
      step: event.step,
      ...pending,
      validationLoss: metrics.eval_loss ?? Number.NaN,
      accuracy: metrics['eval_rewards/accuracies'] ?? Number.NaN,
      margin: (metrics['eval_rewards/margins'] ?? Number.NaN) / arm.strength,
    });
  };
  await trainPreference({
    ...optionsOf(arm, settings),
    policy,
    examples: train,
    evalExamples: held,
    evaluate: async (now) => {
      pending = { ...measurePairs(now, pairs), ...(await training.measure(now)) };
      return {};
    },
    maxLength,
    seed,
    outputDir: join(folder, 'run'),
    onEvent,
    console: null,
  });
  rmSync(join(folder, 'run'), { recursive: true, force: true });
  return measurements;
}

function optionsOf({ method, strength, nll }: Arm, settings: TrainingSettings) {
  const { batch, epochs, learningRate, warmupSteps, evalSteps } = settings;
  return {
    lossType: nll === 0 ? [presetOf[method]] : [presetOf[method], 'nll' as const],
    ...(nll !== 0 && { lossWeights: [1, nll] }),
    beta: strength,
    precomputeRefLogProbs: true,
    precomputeRefBatchSize: 64,
    perDeviceTrainBatchSize: batch,
    perDeviceEvalBatchSize: 64,
    numTrainEpochs: epochs,
    learningRate,
    lrSchedulerType: 'cosine' as const,
    warmupSteps,
    adamBeta1: 0.9,
    adamBeta2: 0.95,
    adamEpsilon: 1e-8,
    weightDecay: 0.1,
    maxGradNorm: 1,
    evalStrategy: 'steps' as const,
    evalSteps,
    evalOnStart: true,
    saveStrategy: 'no' as const,
    loggingSteps: evalSteps,
  };
}
