import type { KeptTokens } from '../types.ts';

/** Which of a run's stored completions a sequence is. */
export interface CompletionOrigin {
  /** Step that sampled it. */
  readonly step: number;
  /** Place among that step's completions, group after group. */
  readonly completion: number;
}

/**
 * One prompt with its completion, ready to be packed. The completion region is everything after the prompt; in a
 * multi-turn rollout it holds observations too, which `completionMask` leaves out.
 */
export interface TrainSequence {
  /** Prompt and completion. */
  readonly tokens: readonly number[];
  readonly promptLength: number;
  /** Per token of the completion region: 1 where the policy drew it and it is trained on. */
  readonly completionMask: readonly number[];
  /** Per token of the completion region, in nats, under the policy that sampled it. */
  readonly oldLogprobs?: readonly number[];
  /** Per token of the completion region, in nats, under the reference policy. */
  readonly referenceLogprobs?: readonly number[];
  /** Per token of the completion region. */
  readonly advantages?: readonly number[];
  /** Per token of the completion region: the ids it was drawn from, where the vocabulary was cut. */
  readonly keptTokens?: KeptTokens;
  /** Where it was sampled in a run. */
  readonly origin?: CompletionOrigin;
}

const trainedTokens = ({ completionMask }: TrainSequence): number =>
  completionMask.reduce((sum, trained) => sum + trained, 0);

/** What a loss is divided by: counts over the whole optimiser step, so that micro-batches change nothing. */
export const countTotals = (
  sequences: readonly TrainSequence[],
): { tokens: number; sequences: number } => ({
  tokens: sequences.reduce((sum, sequence) => sum + trainedTokens(sequence), 0),
  sequences: sequences.length,
});
