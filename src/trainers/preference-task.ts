import { microBatches, packed } from '../batches/index.ts';
import { type CursorState, DatasetCursor } from '../data/index.ts';
import {
  type PairTotals,
  type PreferenceLoss,
  preferenceLoss,
  preferencePresets,
} from '../losses/index.ts';
import type { Metrics } from '../metrics/index.ts';
import {
  type BatchLoss,
  evaluateLoss,
  type Learner,
  type Policy,
  update,
} from '../policy/index.ts';
import type { DpoOptions } from './config/index.ts';
import { type PreferencePair, pairSequences, rejectedPerChosen } from './preference-pair.ts';
import { PreferenceReferences, type PreferenceRows } from './preference-references.ts';
import { rowsFingerprint } from './rows-fingerprint.ts';
import type { StepContext, StepOutcome, TrainingTask } from './training-task.ts';

export interface PreferenceParts {
  readonly learner: Learner;
  readonly rows: PreferenceRows;
  /** What the policy is held to. */
  readonly reference: Policy;
  readonly options: DpoOptions;
  readonly evaluate: ((policy: Policy, signal: AbortSignal) => Promise<Metrics>) | undefined;
}

const scoring = {
  temperature: 1,
  // Over the tokens that a row says, where it does.
  logprobDistribution: 'sampled',
  entropy: 'detached',
  compareArgmax: true,
  meanLogits: true,
} as const;

/** The losses that the options name, added up by weight. */
export function lossOf({
  lossType,
  lossWeights,
  beta,
  labelSmoothing,
}: Pick<DpoOptions, 'lossType' | 'lossWeights' | 'beta' | 'labelSmoothing'>): PreferenceLoss {
  const losses = lossType.map((name, i) => ({
    pairLoss: preferencePresets[name]({ beta, labelSmoothing }),
    weight: lossWeights?.[i] ?? 1,
  }));
  return preferenceLoss({ losses, rewardScale: beta });
}

const layoutOf = ({ paddingFree }: Pick<DpoOptions, 'paddingFree'>) =>
  paddingFree ? packed() : undefined;

const totalsOf = (pairs: readonly PreferencePair[]): PairTotals => ({
  pairs: pairs.length,
  chosenTokens: pairs.reduce((sum, { chosen }) => sum + chosen.completionMask.length, 0),
});

/** One optimiser step of preference training: take pairs, score them with the reference, update. */
export class PreferenceTask implements TrainingTask {
  readonly learner: Learner;
  readonly rows: string;
  readonly #parts: PreferenceParts;
  readonly #loss: PreferenceLoss;
  readonly #references: PreferenceReferences;
  readonly #rejectedPerChosen: number;
  #cursor: DatasetCursor;

  constructor(parts: PreferenceParts) {
    const { learner, rows, reference, options } = parts;
    this.#parts = parts;
    this.learner = learner;
    this.rows = rowsFingerprint(pairSequences(rows.train).map(({ tokens }) => tokens));
    this.#loss = lossOf(options);
    this.#rejectedPerChosen = rejectedPerChosen([...rows.train, ...rows.held]);
    this.#references = new PreferenceReferences(reference, rows, {
      timing: options.precomputeRefLogProbs ? 'beforehand' : 'each step',
      batchSize: options.precomputeRefBatchSize ?? options.perDeviceTrainBatchSize,
      layout: layoutOf(options),
      isResuming: (options.resumeFromCheckpoint ?? false) !== false,
    });
    this.#cursor = this.#cursorAt();
  }

  #cursorAt(state?: CursorState): DatasetCursor {
    const { rows, options } = this.#parts;
    return new DatasetCursor(rows.train.length, {
      seed: options.dataSeed ?? options.seed,
      order: options.trainSamplingStrategy === 'random' ? 'shuffled' : 'sequential',
      atEpochEnd: 'short',
      ...(state && { state }),
    });
  }

  /** The loss of micro-batches that together hold these pairs. */
  #batchLoss(pairs: readonly PreferencePair[]): BatchLoss {
    const totals = totalsOf(pairs);
    const rejectedPerChosen = this.#rejectedPerChosen;
    return (scores, { completionMask, referenceLogprobs }) =>
      this.#loss(
        { ...scores, completionMask, referenceLogprobs: referenceLogprobs!, rejectedPerChosen },
        totals,
      );
  }

  async step(context: StepContext): Promise<StepOutcome> {
    const { rows, options } = this.#parts;
    const { perDeviceTrainBatchSize: size, gradientAccumulationSteps } = options;
    await this.#references.prepare(context);
    context.phase('training');
    const taken = this.#cursor.take(size * gradientAccumulationSteps);
    const pairs = taken.map((row) => rows.train[row]!);
    const micros = microBatches(taken, size).map((part) => this.#references.attach('train', part));
    const result = await update(this.learner, micros, {
      ...scoring,
      layout: layoutOf(options),
      gradientCheckpointing: options.gradientCheckpointing,
      dropoutSeed: options.disableDropout ? undefined : options.seed,
      hiddenDropout: options.hiddenDropout,
      loss: this.#batchLoss(pairs),
      learningRate: context.learningRate,
      signal: context.signal,
    });
    this.#syncReference(context.step);
    return {
      metrics: { ...result.metrics, loss: result.loss, grad_norm: result.gradNorm },
      tokens: pairSequences(pairs).reduce((sum, { tokens }) => sum + tokens.length, 0),
      epoch: this.#cursor.epochs,
      nonFinite: result.nonFinite,
    };
  }

  #syncReference(step: number): void {
    const { syncRefModel, refModelSyncSteps, refModelMixupAlpha } = this.#parts.options;
    if (!syncRefModel || step % refModelSyncSteps !== 0) return;
    this.#references.moveTowards(this.learner.policy, refModelMixupAlpha);
  }

  async evaluate(context: Omit<StepContext, 'learningRate'>): Promise<Metrics> {
    const { rows, options, evaluate } = this.#parts;
    const { signal } = context;
    const startedAt = performance.now();
    await this.#references.prepare(context);
    const micros = microBatches([...rows.held.keys()], options.perDeviceEvalBatchSize);
    const measured =
      rows.held.length === 0
        ? {}
        : await evaluateLoss(
            this.learner.policy,
            micros.map((part) => this.#references.attach('held', part)),
            { ...scoring, layout: layoutOf(options), loss: this.#batchLoss(rows.held), signal },
          );
    const further = await evaluate?.(this.learner.policy, signal);
    return { ...measured, ...further, runtime: (performance.now() - startedAt) / 1000 };
  }

  position(): Readonly<Record<string, unknown>> {
    return { cursor: this.#cursor.state() };
  }

  restore({ cursor }: Readonly<Record<string, unknown>>, checkpoint: string): void {
    this.#cursor = this.#cursorAt(cursor as CursorState);
    this.#references.restore(checkpoint);
  }

  writeFiles(folder: string): void {
    this.#references.save(folder);
  }
}
