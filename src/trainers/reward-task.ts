import { microBatches, packed } from '../batches/index.ts';
import { type CursorState, DatasetCursor } from '../data/index.ts';
import type { Metrics } from '../metrics/index.ts';
import {
  evaluatePairs,
  type Learner,
  type PairLossOptions,
  type RewardModel,
  type TextPair,
  updateRewards,
} from '../policy/index.ts';
import type { RewardOptions } from './config/index.ts';
import type { RewardPairs } from './reward-pair.ts';
import { rowsFingerprint } from './rows-fingerprint.ts';
import type { StepContext, StepOutcome, TrainingTask } from './training-task.ts';

export interface RewardParts {
  readonly learner: Learner<RewardModel>;
  readonly train: RewardPairs;
  readonly held: RewardPairs;
  readonly options: RewardOptions;
  readonly evaluate:
    | ((rewardModel: RewardModel, signal: AbortSignal) => Promise<Metrics>)
    | undefined;
}

const textsOf = (pairs: readonly TextPair[]) =>
  pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]);

/** One optimiser step of a reward model: take pairs, update. */
export class RewardTask implements TrainingTask {
  readonly learner: Learner<RewardModel>;
  readonly rows: string;
  readonly #parts: RewardParts;
  #cursor: DatasetCursor;
  /** Whether the person at the terminal knows how many pairs were left out. */
  #hasToldLengths = false;

  constructor(parts: RewardParts) {
    this.#parts = parts;
    this.learner = parts.learner;
    this.rows = rowsFingerprint(textsOf(parts.train.pairs));
    this.#cursor = this.#cursorAt();
  }

  #cursorAt(state?: CursorState): DatasetCursor {
    const { train, options } = this.#parts;
    return new DatasetCursor(train.pairs.length, {
      seed: options.dataSeed ?? options.seed,
      order: options.trainSamplingStrategy === 'random' ? 'shuffled' : 'sequential',
      atEpochEnd: 'short',
      ...(state && { state }),
    });
  }

  #lossOptions(signal: AbortSignal): PairLossOptions {
    const { centerRewardsCoefficient, paddingFree } = this.#parts.options;
    return {
      centerCoefficient: centerRewardsCoefficient ?? 0,
      layout: paddingFree ? packed() : undefined,
      signal,
    };
  }

  #tellLengths({ warn }: Pick<StepContext, 'warn'>): void {
    if (this.#hasToldLengths) return;
    this.#hasToldLengths = true;
    const { train, held, options } = this.#parts;
    for (const [kind, { pairs, tooLong }] of Object.entries({
      training: train,
      evaluation: held,
    })) {
      if (tooLong === 0) continue;
      const all = pairs.length + tooLong;
      warn(
        `${tooLong} of ${all} ${kind} pairs are left out: a text has more than max_length ${options.maxLength} tokens`,
      );
    }
  }

  async step(context: StepContext): Promise<StepOutcome> {
    this.#tellLengths(context);
    const { train, options } = this.#parts;
    const { perDeviceTrainBatchSize: size, gradientAccumulationSteps } = options;
    context.phase('training');
    const taken = this.#cursor.take(size * gradientAccumulationSteps);
    const pairs = taken.map((row) => train.pairs[row]!);
    const result = await updateRewards(this.learner, microBatches(pairs, size), {
      ...this.#lossOptions(context.signal),
      gradientCheckpointing: options.gradientCheckpointing,
      dropoutSeed: options.disableDropout ? undefined : options.seed,
      hiddenDropout: options.hiddenDropout,
      learningRate: context.learningRate,
    });
    return {
      metrics: { ...result.metrics, loss: result.loss, grad_norm: result.gradNorm },
      tokens: textsOf(pairs).reduce((sum, { length }) => sum + length, 0),
      epoch: this.#cursor.epochs,
      nonFinite: result.nonFinite,
    };
  }

  async evaluate(context: Omit<StepContext, 'learningRate'>): Promise<Metrics> {
    this.#tellLengths(context);
    const { held, options, evaluate } = this.#parts;
    const { signal } = context;
    const startedAt = performance.now();
    const micros = microBatches(held.pairs, options.perDeviceEvalBatchSize);
    const measured =
      micros.length === 0
        ? {}
        : await evaluatePairs(this.learner.policy, micros, this.#lossOptions(signal));
    const further = await evaluate?.(this.learner.policy, signal);
    return { ...measured, ...further, runtime: (performance.now() - startedAt) / 1000 };
  }

  position(): Readonly<Record<string, unknown>> {
    return { cursor: this.#cursor.state() };
  }

  restore({ cursor }: Readonly<Record<string, unknown>>): void {
    this.#cursor = this.#cursorAt(cursor as CursorState);
  }
}
