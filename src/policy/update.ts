import { setImmediate as nextTurn } from 'node:timers/promises';
import { countTotals, type TrainBatch, type TrainSequence } from '../batches/index.ts';
import {
  type BatchTotals,
  type LossMetric,
  type LossResult,
  type Statistics,
  type TokenScores,
  withChunkedLogprobs,
} from '../losses/index.ts';
import { recomputesLayers, withHiddenStates } from '../models/index.ts';
import { clipGradNorm, type Optimizer } from '../optim/index.ts';
import { phase, tidy } from '../tensor/index.ts';
import type { Policy } from './policy.ts';
import {
  atPredictors,
  chunkOptions,
  headOf,
  packFor,
  type ScoreOptions,
  scoreSequences,
  spreadScores,
} from './score.ts';
import { stepSeed } from './step-seed.ts';
import { takeStatistics } from './take-statistics.ts';

/** A loss over the scores of a padded batch; `totals` are those of the whole optimiser step. */
export type BatchLoss = (scores: TokenScores, batch: TrainBatch, totals: BatchTotals) => LossResult;

/** How gradients are computed. */
export interface BackwardOptions {
  /**
   * Whether layers are computed again in the backward pass rather than remembered: less memory, the same gradients;
   * null: where they would take more than a GiB.
   */
  readonly gradientCheckpointing?: boolean | null;
  /** Switches the adapters' dropout on, and says what is dropped. */
  readonly dropoutSeed?: number | undefined;
}

export interface ForwardBackwardOptions extends ScoreOptions, BackwardOptions {
  readonly loss: BatchLoss;
  readonly totals: BatchTotals;
}

/** One micro-batch's part of an optimiser step. */
export interface ForwardBackwardResult {
  readonly loss: number;
  readonly statistics: Statistics;
}

/**
 * Adds one micro-batch's gradients to the policy's parameters.
 * @returns undefined where it trains no token.
 */
export function forwardBackward(
  { model, tokenizer }: Policy,
  sequences: readonly TrainSequence[],
  { loss, totals, gradientCheckpointing = null, dropoutSeed, ...scoring }: ForwardBackwardOptions,
): ForwardBackwardResult | undefined {
  return tidy(() => {
    const packing = { padTokenId: tokenizer.padTokenId, layout: scoring.layout };
    const batch = phase('pack', () => packFor(model, sequences, packing));
    if (batch.targets.size === 0) return undefined;
    const options = chunkOptions(batch, scoring);
    const lossOfScores = (scores: TokenScores) => loss(spreadScores(scores, batch), batch, totals);
    const { tokens, segments, targets } = batch;
    const result = withHiddenStates(
      model,
      { tokens, segments, dropoutSeed },
      (hidden) =>
        withChunkedLogprobs(
          atPredictors(hidden, batch),
          headOf(model),
          targets,
          options,
          lossOfScores,
        ),
      { recompute: gradientCheckpointing ?? recomputesLayers(model, tokens.shape) },
    );
    return { loss: result.loss.item(), statistics: result.statistics };
  });
}

/** What changes the weights. */
export interface Learner {
  readonly policy: Policy;
  readonly optimizer: Optimizer;
  /** Global norm that gradients are scaled down to; 0: no clipping. */
  readonly maxGradNorm: number;
}

export interface UpdateOptions extends ScoreOptions, BackwardOptions {
  readonly loss: BatchLoss;
  readonly learningRate: number;
  /** Mean trained tokens per update from one sampled batch, where losses want it. */
  readonly averageTokens?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface UpdateResult {
  readonly loss: number;
  readonly gradNorm: number;
  readonly metrics: Partial<Record<LossMetric, number>>;
  /** What was not finite, and where; the weights are then untouched. */
  readonly nonFinite?: string;
}

/**
 * One optimiser step over micro-batches: forward, loss and backward of each, then clipping and AdamW.
 * Gradients add up to those of the whole batch, however it is split. Nothing is changed when it throws.
 */
export async function update(
  learner: Learner,
  microBatches: readonly (readonly TrainSequence[])[],
  { averageTokens, learningRate, signal, dropoutSeed, ...options }: UpdateOptions,
): Promise<UpdateResult> {
  const totals = {
    ...countTotals(microBatches.flat()),
    ...(averageTokens === undefined ? {} : { averageTokens }),
  };
  try {
    const parts: ForwardBackwardResult[] = [];
    for (const [index, sequences] of microBatches.entries()) {
      await nextTurn();
      signal?.throwIfAborted();
      const part = phase('forward', () =>
        forwardBackward(learner.policy, sequences, {
          ...options,
          totals,
          dropoutSeed: stepSeed(dropoutSeed, learner.optimizer.stepCount, index),
        }),
      );
      if (part === undefined) continue;
      learner.optimizer.collectGradients();
      parts.push(part);
      if (!Number.isFinite(part.loss))
        return failed(
          parts,
          `the loss of micro-batch ${index} is ${part.loss}${culprit(learner.policy, sequences, options)}`,
        );
    }
    return phase('optimiser', () => applyGradients(learner, parts, learningRate));
  } finally {
    phase('optimiser', () => learner.optimizer.zeroGradients());
  }
}

/** Which tensor of which sequence made a micro-batch's loss non-finite, where one alone does. */
function culprit(
  { model, tokenizer }: Policy,
  sequences: readonly TrainSequence[],
  { temperature, logprobDistribution, repetitionPenalty = 1 }: ScoreOptions,
): string {
  const isBroken = (values: readonly number[] | undefined) =>
    values?.some((value) => !Number.isFinite(value)) ?? false;
  const { padTokenId } = tokenizer;
  for (const [row, sequence] of sequences.entries()) {
    const given = (['advantages', 'oldLogprobs', 'referenceLogprobs'] as const).find((column) =>
      isBroken(sequence[column]),
    );
    if (given !== undefined) return `: ${given} of its sequence ${row}`;
    const distribution = { temperature, logprobDistribution, repetitionPenalty };
    const scoring = { ...distribution, padTokenId, batchSize: 1 };
    const [scores] = scoreSequences(model, [sequence], scoring);
    if (isBroken(scores?.logprobs)) return `: logprobs of its sequence ${row}`;
  }
  return '';
}

const lossOf = (parts: readonly ForwardBackwardResult[]): number =>
  parts.reduce((sum, { loss }) => sum + loss, 0);

const statisticsOf = (parts: readonly ForwardBackwardResult[]) =>
  takeStatistics(parts.map(({ statistics }) => statistics));

function failed(parts: readonly ForwardBackwardResult[], nonFinite: string): UpdateResult {
  return { loss: lossOf(parts), gradNorm: Number.NaN, metrics: statisticsOf(parts), nonFinite };
}

function applyGradients(
  { optimizer, maxGradNorm }: Learner,
  parts: readonly ForwardBackwardResult[],
  learningRate: number,
): UpdateResult {
  const { norm, nonFinite } = clipGradNorm(optimizer.parameters, maxGradNorm);
  if (nonFinite !== undefined) return failed(parts, `the gradient of ${nonFinite} is not finite`);
  optimizer.step(learningRate);
  return { loss: lossOf(parts), gradNorm: norm, metrics: statisticsOf(parts) };
}
