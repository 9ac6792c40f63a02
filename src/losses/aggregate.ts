import { noGrad, type Tensor } from '../tensor/index.ts';

/**
 * Sizes of the whole optimiser batch. Every micro-batch divides by these and not by its own, so that the losses of
 * micro-batches add up to the loss of the batch.
 */
export interface BatchTotals {
  /** Sequences, those without a trained token included. */
  readonly sequences: number;
  /** Trained tokens: ones in the completion mask. */
  readonly tokens: number;
  /**
   * Trained tokens per update, averaged over the updates made from one sampled batch; the same as `tokens` when there
   * is one update.
   */
  readonly averageTokens?: number;
}

/** Reduces per-token values [B, T] to a scalar, counting only tokens where the mask is 1. */
export type Aggregation = (perToken: Tensor, completionMask: Tensor, totals: BatchTotals) => Tensor;

/** The totals of a batch that is not split: what losses use when none are given. */
export function totalsOf(completionMask: Tensor): BatchTotals {
  const [sequences = 0] = completionMask.shape;
  return { sequences, tokens: noGrad(() => completionMask.sum().item()) };
}

/** Zero where nothing is trained, whatever stands there, NaN included. */
export const onlyTrained = (perToken: Tensor, completionMask: Tensor): Tensor =>
  perToken.maskedFill(completionMask.eq(0), 0);

const atLeastOne = (count: number): number => Math.max(count, 1);

/** Σ over trained tokens, undivided. */
export const tokenSum: Aggregation = (perToken, completionMask) =>
  onlyTrained(perToken, completionMask).sum();

/** Every trained token of the batch weighs the same, so long completions weigh more. */
export const tokenMean: Aggregation = (perToken, completionMask, totals) =>
  tokenSum(perToken, completionMask, totals).div(atLeastOne(totals.tokens));

/**
 * As `tokenMean`, but every update from one sampled batch divides by the same count, so that a token weighs the same
 * whichever update it falls into. TRL's for `dapo` and `cispo`.
 */
export const averageTokenMean: Aggregation = (perToken, completionMask, totals) =>
  tokenSum(perToken, completionMask, totals).div(atLeastOne(totals.averageTokens ?? totals.tokens));

/** The mean over sequences of each sequence's mean, so that a token of a short completion weighs more. */
export const sequenceMean: Aggregation = (perToken, completionMask, totals) => {
  const trained = completionMask.sum(-1).clamp(1); // [B]
  return onlyTrained(perToken, completionMask)
    .sum(-1)
    .div(trained)
    .sum()
    .div(atLeastOne(totals.sequences));
};

/** The mean over sequences of each sequence's sum: the gradient of an expectation over whole completions. */
export const sequenceSum: Aggregation = (perToken, completionMask, totals) =>
  tokenSum(perToken, completionMask, totals).div(atLeastOne(totals.sequences));

/**
 * Every token weighs 1 / (B · L) with a constant L, whatever the completions' lengths.
 * Liu et al. 2025 (Dr. GRPO), arXiv:2503.20783.
 */
export const constantLength =
  (maxCompletionTokens: number): Aggregation =>
  (perToken, completionMask, totals) =>
    tokenSum(perToken, completionMask, totals).div(
      atLeastOne(totals.sequences) * maxCompletionTokens,
    );
