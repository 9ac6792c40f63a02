import type { Tensor } from '../tensor/index.ts';
import type { StepMetrics } from '../types.ts';

/** The head's moments as the optimiser holds them, [V, C] each, and the updates made so far. */
export interface HeadMoments {
  readonly first: Tensor;
  readonly second: Tensor;
  readonly step: number;
}

/** What a filter asks for besides log-probabilities and advantages: each costs time or memory. */
export interface TokenFilterNeeds {
  /** What the head reads, [N, C]. */
  readonly hiddenStates?: boolean;
  /** The K likeliest tokens. */
  readonly topTokens?: number;
  readonly headMoments?: boolean;
}

/** The N tokens of a micro-batch that could be trained on. No gradient flows. */
export interface OfferedTokens {
  /** As sampled, int64 [N]. */
  readonly tokens: Tensor;
  /** log π of each under the policy that is trained, in nats [N]. */
  readonly logprobs: Tensor;
  /** [N] */
  readonly advantages: Tensor;
  /** Which sequence of the micro-batch each belongs to, int64 [N], rising. */
  readonly sequences: Tensor;
  /** Of the update that is being made. */
  readonly learningRate: number;
  /** What the head reads, temperature not applied [N, C]. */
  readonly hiddenStates?: Tensor | undefined;
  /** int64 [N, K], likeliest first, −1 where fewer could be drawn. */
  readonly topIds?: Tensor | undefined;
  /** [N, K] */
  readonly topLogprobs?: Tensor | undefined;
  /** Absent before the first update of an optimiser that has none. */
  readonly headMoments?: HeadMoments | undefined;
}

/**
 * Decides which sampled tokens an update trains on. Rejected ones leave numerator and denominator of the loss, as if they
 * had not been sampled.
 */
export interface TokenFilter {
  readonly needs: TokenFilterNeeds;
  /** Judges a micro-batch. @returns 1 where a token stays, else 0, of the log-probabilities' dtype [N]. */
  accept(offered: OfferedTokens): Tensor;
  /** Called when every micro-batch was judged: whether the update is made of what was accepted, or of nothing. */
  keepsUpdate?(): boolean;
  /** Ends an update that was made. @returns what to log. */
  endStep(): StepMetrics;
  /** Forgets the micro-batches since the last step: the update was not made. */
  cancelStep(): void;
  /** What a checkpoint must hold, so that a resumed run decides the same. */
  state(): Readonly<Record<string, Tensor>>;
  load(state: Readonly<Record<string, Tensor>>): void;
}
