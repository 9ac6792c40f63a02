import { countTotals, type TrainBatch, type TrainSequence } from '../batches/index.ts';
import {
  type BatchTotals,
  type LossResult,
  type TokenScores,
  withChunkedLogprobs,
} from '../losses/index.ts';
import { recomputesLayers, withHiddenStates } from '../models/index.ts';
import { phase, tidy } from '../tensor/index.ts';
import { type Learner, optimiserStep, type StepPart, type UpdateResult } from './optimiser-step.ts';
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

/**
 * Adds one micro-batch's gradients to the policy's parameters.
 * @returns undefined where it trains no token.
 */
export function forwardBackward(
  { model, tokenizer }: Policy,
  sequences: readonly TrainSequence[],
  { loss, totals, gradientCheckpointing = null, dropoutSeed, ...scoring }: ForwardBackwardOptions,
): StepPart | undefined {
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

export interface UpdateOptions extends ScoreOptions, BackwardOptions {
  readonly loss: BatchLoss;
  readonly learningRate: number;
  /** Mean trained tokens per update from one sampled batch, where losses want it. */
  readonly averageTokens?: number;
  readonly signal?: AbortSignal | undefined;
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
  const forward = (sequences: readonly TrainSequence[], index: number) =>
    forwardBackward(learner.policy, sequences, {
      ...options,
      totals,
      dropoutSeed: stepSeed(dropoutSeed, learner.optimizer.stepCount, index),
    });
  return optimiserStep(learner, microBatches, forward, {
    learningRate,
    signal,
    explain: (sequences) => culprit(learner.policy, sequences, options),
  });
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
