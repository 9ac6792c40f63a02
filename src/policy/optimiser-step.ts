import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LossMetric, Statistics } from '../losses/index.ts';
import type { Model } from '../models/index.ts';
import { clipGradNorm, type Optimizer } from '../optim/index.ts';
import { noGrad, phase } from '../tensor/index.ts';
import type { Tokenizer } from '../tokenizers/index.ts';
import type { Policy } from './policy.ts';
import { takeStatistics } from './take-statistics.ts';

/** A model that is trained and saved with its tokenizer: a policy, or a reward model. */
export interface Trainee {
  readonly model: Model;
  readonly tokenizer: Tokenizer;
  /** The folder that its weights were read from; undefined where they were not. */
  readonly source?: string | undefined;
  save(folder: string): void;
}

/** What changes the weights. */
export interface Learner<Trained extends Trainee = Policy> {
  readonly policy: Trained;
  readonly optimizer: Optimizer;
  /** Global norm that gradients are scaled down to; 0: no clipping. */
  readonly maxGradNorm: number;
}

/** One micro-batch's part of an optimiser step. */
export interface StepPart {
  readonly loss: number;
  readonly statistics: Statistics;
}

export interface UpdateResult {
  readonly loss: number;
  readonly gradNorm: number;
  readonly metrics: Partial<Record<LossMetric, number>>;
  /** What was not finite, and where; the weights are then untouched. */
  readonly nonFinite?: string;
}

export interface OptimiserStepOptions<Micro> {
  readonly learningRate: number;
  readonly signal?: AbortSignal | undefined;
  /** What all gradients, and the loss, are multiplied by when every micro-batch has added its own; 1 unless given. */
  readonly gradientScale?: (() => number) | undefined;
  /** What of a micro-batch made its loss non-finite, to be appended to the message. */
  readonly explain?: (micro: Micro) => string;
}

/**
 * One optimiser step over micro-batches: `forwardBackward` of each adds its gradients, then come clipping and AdamW.
 * Nothing is changed when it throws.
 */
export async function optimiserStep<Micro>(
  learner: Pick<Learner<Trainee>, 'optimizer' | 'maxGradNorm'>,
  microBatches: readonly Micro[],
  forwardBackward: (micro: Micro, index: number) => StepPart | undefined,
  { learningRate, signal, gradientScale, explain = () => '' }: OptimiserStepOptions<Micro>,
): Promise<UpdateResult> {
  try {
    const parts: StepPart[] = [];
    for (const [index, micro] of microBatches.entries()) {
      await nextTurn();
      signal?.throwIfAborted();
      const part = phase('forward', () => forwardBackward(micro, index));
      if (part === undefined) continue;
      learner.optimizer.collectGradients();
      parts.push(part);
      if (!Number.isFinite(part.loss))
        return failed(parts, `the loss of micro-batch ${index} is ${part.loss}${explain(micro)}`);
    }
    const scale = gradientScale?.() ?? 1;
    return phase('optimiser', () =>
      applyGradients(learner, scaled(learner.optimizer, parts, scale), learningRate),
    );
  } finally {
    phase('optimiser', () => learner.optimizer.zeroGradients());
  }
}

/** Multiplies gradients and losses. */
function scaled(
  { parameters }: Optimizer,
  parts: readonly StepPart[],
  scale: number,
): readonly StepPart[] {
  if (scale === 1) return parts;
  noGrad(() => {
    for (const { grad } of parameters.values()) grad?.mul_(scale);
  });
  return parts.map(({ loss, statistics }) => ({ loss: loss * scale, statistics }));
}

const lossOf = (parts: readonly StepPart[]): number =>
  parts.reduce((sum, { loss }) => sum + loss, 0);

const statisticsOf = (parts: readonly StepPart[]) =>
  takeStatistics(parts.map(({ statistics }) => statistics));

function failed(parts: readonly StepPart[], nonFinite: string): UpdateResult {
  return { loss: lossOf(parts), gradNorm: Number.NaN, metrics: statisticsOf(parts), nonFinite };
}

function applyGradients(
  { optimizer, maxGradNorm }: Pick<Learner<Trainee>, 'optimizer' | 'maxGradNorm'>,
  parts: readonly StepPart[],
  learningRate: number,
): UpdateResult {
  const { norm, nonFinite } = clipGradNorm(optimizer.parameters, maxGradNorm);
  if (nonFinite !== undefined) return failed(parts, `the gradient of ${nonFinite} is not finite`);
  optimizer.step(learningRate);
  return { loss: lossOf(parts), gradNorm: norm, metrics: statisticsOf(parts) };
}
