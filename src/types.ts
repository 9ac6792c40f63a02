/** The nouns of Laurel, in the order data flows: Example → Prompt → Rollout → RolloutGroup. All immutable. */

/** A row's columns as read from a file, by column name. */
export type Columns = Readonly<Record<string, unknown>>;

/** One turn of a conversation, in the shape chat templates take. */
export interface Message {
  readonly role: string;
  readonly content: string;
  readonly [field: string]: unknown;
}

/** Plain text, or a conversation. */
export type TextOrMessages = string | readonly Message[];

/** One row of a dataset. */
export interface Example {
  /** Position in the dataset before shuffling; stable across runs. */
  readonly index: number;
  readonly columns: Columns;
}

/** What the policy is asked. */
export interface Prompt {
  readonly example: Example;
  /** As the dataset has it. */
  readonly source: TextOrMessages;
  /** As the policy sees it, template applied. */
  readonly text: string;
  readonly tokens: readonly number[];
}

/** Why a completion ended: a stop token or string, or the length limit. */
export type FinishReason = 'stop' | 'length';

/** For each token of a completion, the ids it was drawn from: parts of one array, which sets and completions may share. */
export interface KeptTokens {
  readonly ids: Int32Array;
  /** Where each token's set begins in `ids`. */
  readonly starts: Int32Array;
  /** Where each ends: after its last id. */
  readonly ends: Int32Array;
}

/** One sampled completion of one prompt. */
export interface Rollout {
  /** Token ids of the completion, a final stop token included. Never decoded and re-encoded. */
  readonly tokens: readonly number[];
  /** Decoded completion, stop token and stop string left out. */
  readonly text: string;
  /** log π of each token under the distribution named by `logprob_distribution`, in nats. Same length as `tokens`. */
  readonly logprobs: readonly number[];
  readonly finishReason: FinishReason;
  /** Token ids each token was drawn from where top-k, top-p, min-p or a constraint cut the vocabulary; absent otherwise. */
  readonly keptTokens?: KeptTokens;
}

/** G completions of one prompt; the unit that group-relative advantages compare. */
export interface RolloutGroup {
  readonly prompt: Prompt;
  readonly rollouts: readonly Rollout[];
}

/** Scalars logged at one optimiser step, by metric key. */
export type StepMetrics = Readonly<Record<string, number>>;
