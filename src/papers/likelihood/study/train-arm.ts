import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PreferenceExample } from '../../../data/index.ts';
import type { Policy } from '../../../policy/index.ts';
import { type OnTrainerEvent, preferencePair, trainPreference } from '../../../trainers/index.ts';
import { type Arm, presetOf } from './arms.ts';
import { HeldOutPairs, type PairMeasures } from './held-out-pairs.ts';
import type { TrainingSettings } from './settings.ts';

/** What a run is at one step. */
export interface Measurement extends PairMeasures {
  readonly step: number;
  readonly [measure: string]: number;
}

export interface ArmTraining {
  readonly arm: Arm;
  readonly settings: TrainingSettings;
  readonly policy: Policy;
  readonly train: readonly PreferenceExample[];
  readonly held: readonly PreferenceExample[];
  readonly seed: number;
  /** The run's folder; removed afterwards. */
  readonly folder: string;
  /** Where reference log-probabilities of these rows under this policy are kept for all arms. */
  readonly referenceFile: string;
  /** Further measures of a policy by its completions. */
  readonly measure: (policy: Policy) => Promise<Readonly<Record<string, number>>>;
  readonly report: (progress: string) => void;
}

/** Where runs are written, with the database that a folder of runs gets; removed when they are done. */
export const WORK = 'work';

/** The name under which the trainer keeps them in a run's folder. */
const REFERENCES = 'reference-logprobs.safetensors';

/** Trains one arm and measures it before the first step and every `evalSteps`. */
export async function trainArm(training: ArmTraining): Promise<Measurement[]> {
  const { arm, settings, policy, folder, report, seed, train, referenceFile } = training;
  const pairs = heldOutOf(training);
  const measurements: Measurement[] = [];
  const onEvent: OnTrainerEvent = (event) => {
    if (event.type === 'run-start' && existsSync(referenceFile))
      copyFileSync(referenceFile, join(event.folder, REFERENCES));
    if (event.type === 'step-end' && event.step % 10 === 0) report(`step ${event.step}`);
  };
  await trainPreference({
    ...optionsOf(arm, settings),
    policy,
    examples: train,
    evaluate: async (now) => {
      const step = measurements.length * settings.evalSteps;
      measurements.push({ step, ...pairs.measure(now), ...(await training.measure(now)) });
      return {};
    },
    seed,
    outputDir: join(folder, WORK, 'run'),
    onEvent,
    console: null,
  });
  rmSync(join(folder, WORK), { recursive: true, force: true });
  return measurements;
}

/** Scores the rows once for all arms: a step of training that learns nothing. */
export async function keepReferences({
  policy,
  train,
  settings,
  folder,
  referenceFile,
}: Pick<ArmTraining, 'policy' | 'train' | 'settings' | 'folder' | 'referenceFile'>): Promise<void> {
  const run = join(folder, WORK, 'scoring');
  const arm: Arm = { method: 'dpo', strength: 1, nll: 0 };
  await trainPreference({
    ...optionsOf(arm, settings),
    policy,
    examples: train,
    learningRate: 0,
    maxSteps: 1,
    evalStrategy: 'no',
    outputDir: run,
    console: null,
  });
  copyFileSync(join(run, REFERENCES), referenceFile);
  rmSync(join(folder, WORK), { recursive: true, force: true });
}

function heldOutOf({ arm, held, policy }: ArmTraining): HeldOutPairs {
  const { maxPositionEmbeddings: contextLength } = policy.model.config;
  const options = { maxLength: null, contextLength };
  return new HeldOutPairs(
    held.map((row) => preferencePair(row, policy.tokenizer, options)),
    arm,
  );
}

function optionsOf({ method, strength, nll, rate }: Arm, settings: TrainingSettings) {
  const { batch, epochs, learningRate, warmupSteps, evalSteps } = settings;
  return {
    lossType: nll === 0 ? [presetOf[method]] : [presetOf[method], 'nll' as const],
    ...(nll !== 0 && { lossWeights: [1, nll] }),
    beta: strength,
    maxLength: null,
    precomputeRefLogProbs: true,
    precomputeRefBatchSize: 64,
    perDeviceTrainBatchSize: batch,
    numTrainEpochs: epochs,
    learningRate,
    lrSchedulerType: rate === 'constant' ? ('constant_with_warmup' as const) : ('cosine' as const),
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
