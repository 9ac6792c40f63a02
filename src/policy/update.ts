import { countTotals, type TrainBatch, type TrainSequence } from '../batches/index.ts';
import {
  type BatchTotals,
  type LossResult,
  type TokenScores,
  withChunkedLogprobs,
} from '../losses/index.ts';
import { recomputesLayers, withHiddenStates } from '../models/index.ts';
import { phase, type Tensor, tidy } from '../tensor/index.ts';
import type { StepMetrics } from '../types.ts';
import { FilterStep, headMomentsOf } from './filter-step.ts';
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
import type { TokenFilter } from './token-filter.ts';

/** A loss over the scores of a padded batch; `totals` are those of the whole optimiser step. */
export type BatchLoss = (scores: TokenScores, batch: TrainBatch, totals: BatchTotals) => LossResult;

/** How gradients are computed. */
export interface BackwardOptions {
  /**
   * Whether layers are computed again in the backward pass rather than remembered: less memory, the same gradients;
   * null: where they would take more than a GiB.
   */
  readonly gradientCheckpointing?: boolean | null;
  /** Switches dropout on, the adapters' and that of hidden states, and says what is dropped. */
  readonly dropoutSeed?: number | undefined;
  /** Share of the embeddings, and of what each block adds, that is dropped; default 0. */
  readonly hiddenDropout?: number | undefined;
}

export interface ForwardBackwardOptions extends ScoreOptions, BackwardOptions {
  readonly loss: BatchLoss;
  readonly totals: BatchTotals;
  /** Takes tokens out of the batch before the loss sees it. */
  readonly filterStep?: FilterStep | undefined;
}

/**
 * Adds one micro-batch's gradients to the policy's parameters.
 * @returns undefined where it trains no token.
 */
export function forwardBackward(
  { model, tokenizer }: Policy,
  sequences: readonly TrainSequence[],
  options: ForwardBackwardOptions,
): StepPart | undefined {
  const {
    loss,
    totals,
    gradientCheckpointing = null,
    dropoutSeed,
    hiddenDropout,
    filterStep,
    ...scoring
  } = options;
  if (sequences.length === 0) return undefined;
  return tidy(() => {
    const packing = {
      padTokenId: tokenizer.padTokenId,
      layout: scoring.layout,
      prompts: scoring.prompts,
    };
    const batch = phase('pack', () => packFor(model, sequences, packing));
    if (batch.targets.size === 0) return undefined;
    const chunks = chunkOptions(batch, scoring);
    const lossOfScores = (scores: TokenScores, states: Tensor) =>
      loss(spreadScores(scores, batch), filterStep?.judge(batch, scores, states) ?? batch, totals);
    const { tokens, segments, targets } = batch;
    const result = withHiddenStates(
      model,
      { tokens, segments, dropoutSeed, hiddenDropout },
      (hidden) => {
        const states = atPredictors(hidden, batch);
        return withChunkedLogprobs(states, headOf(model), targets, chunks, (scores) =>
          lossOfScores(scores, states),
        );
      },
      { recompute: gradientCheckpointing ?? recomputesLayers(model, tokens.shape, segments) },
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
  /** Decides which tokens are trained on; left out, all. */
  readonly tokenFilter?: TokenFilter | undefined;
  /** Whether the loss divides by the batch's trained tokens, so that those a filter rejects must leave that count. */
  readonly dividesByTokens?: boolean;
}

/**
 * One optimiser step over micro-batches: forward, loss and backward of each, then clipping and AdamW.
 * Gradients add up to those of the whole batch, however it is split. Nothing is changed when it throws.
 */
export async function update(
  learner: Learner,
  microBatches: readonly (readonly TrainSequence[])[],
  { tokenFilter, dividesByTokens = false, ...options }: UpdateOptions,
): Promise<FilteredUpdateResult> {
  if (tokenFilter === undefined) return updateAll(learner, microBatches, options);
  const { learningRate } = options;
  const { needs } = tokenFilter;
  const headMoments = needs.headMoments
    ? headMomentsOf(learner.policy.model, learner.optimizer)
    : undefined;
  const filterStep = new FilterStep({ filter: tokenFilter, learningRate, headMoments });
  let isMade = false;
  try {
    const result = await updateAll(learner, microBatches, {
      ...options,
      topTokens: needs.topTokens,
      filterStep,
      gradientScale: () => filterStep.gradientScale(dividesByTokens),
    });
    if (result.nonFinite !== undefined) return result;
    isMade = true;
    return { ...result, filterMetrics: tokenFilter.endStep() };
  } finally {
    if (!isMade) tokenFilter.cancelStep();
  }
}

/** An update, and what its token filter says of it. */
export interface FilteredUpdateResult extends UpdateResult {
  readonly filterMetrics?: StepMetrics;
}

interface UpdateAllOptions extends Omit<UpdateOptions, 'tokenFilter' | 'dividesByTokens'> {
  readonly filterStep?: FilterStep;
  readonly gradientScale?: () => number;
}

function updateAll(
  learner: Learner,
  microBatches: readonly (readonly TrainSequence[])[],
  { averageTokens, learningRate, signal, dropoutSeed, gradientScale, ...options }: UpdateAllOptions,
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
    gradientScale,
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
