/**
 * The soak's run: the quickstart's reinforcement at a tiny size, with everything on that a run may have, so that a
 * leak or a state that a checkpoint forgets has nowhere to hide: a reference model, two updates from one generation,
 * a reward in a child process, one that waits, evaluations, and records of tokens.
 */
import { fileURLToPath } from 'node:url';
import {
  charTokenizer,
  moduleReward,
  Policy,
  type PolicyGradientTraining,
  setThreadCount,
  type TrainResult,
  trainPolicyGradient,
} from 'laurel';
import { latestCheckpoint } from 'laurel/checkpoints';
import { drawProblems, rightAnswer, seededRandom } from '../../recipes/quickstart/arithmetic.ts';

const model = {
  hiddenSize: 48,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  maxPositionEmbeddings: 64,
  initializerRange: 0.05,
} as const;

const options = {
  perDeviceTrainBatchSize: 64,
  numGenerations: 8,
  stepsPerGeneration: 2,
  maxCompletionLength: 8,
  learningRate: 5e-4,
  lrSchedulerType: 'constant_with_warmup',
  warmupSteps: 5,
  beta: 0.01,
  tokenRecordRate: 0.02,
  loggingSteps: 10,
  evalStrategy: 'steps',
  evalSteps: 100,
  saveTotalLimit: 2,
  seed: 0,
} as const satisfies Partial<PolicyGradientTraining>;

/** 1 where a completion ends by itself; waits as a judge behind a network would. */
async function endsItself(completion: string): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return Number(completion.length < options.maxCompletionLength);
}

const rows = (count: number, seed: number, heldOut: boolean) =>
  drawProblems(count, seededRandom(seed), { heldOut }).map(({ prompt, answer }, index) => ({
    prompt,
    example: { index, columns: { prompt, answer } },
  }));

/** What differs between soaks. */
export interface SoakOptions extends Pick<PolicyGradientTraining, 'onEvent'> {
  /** The run's folder; a run that is there already is resumed. */
  readonly folder: string;
  readonly maxSteps: number;
  readonly saveSteps: number;
}

/** Trains to `maxSteps`, from the newest checkpoint in the folder where there is one. */
export async function trainSoak({ folder, ...changes }: SoakOptions): Promise<TrainResult> {
  // Tiny operators gain nothing from a second thread.
  setThreadCount(1);
  const baseDirectory = fileURLToPath(new URL('.', import.meta.url));
  using digits = await moduleReward('./digits-reward.ts#digits', { baseDirectory });
  const resumes = latestCheckpoint(`${folder}/checkpoints`) !== undefined;
  return await trainPolicyGradient({
    ...options,
    ...changes,
    policy: Policy.create(model, charTokenizer('0123456789+-=,'), { seed: options.seed }),
    examples: rows(2000, 1, false),
    evalExamples: rows(32, 0, true),
    reward: [rightAnswer, digits, endsItself],
    console: null,
    ...(resumes ? { resumeFromCheckpoint: folder } : { outputDir: folder }),
  });
}
