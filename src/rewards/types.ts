import type { Columns, FinishReason, RolloutGroup } from '../types.ts';

/** A value, or a promise of it. */
export type MaybePromise<T> = T | PromiseLike<T>;

/** What a reward may look at besides the completions it scores. */
export interface RewardContext {
  /** The prompt as the policy saw it. */
  readonly prompt: string;
  /** Every completion of the prompt, in rollout order. */
  readonly completions: readonly string[];
  /** Token ids of each completion. */
  readonly tokens: readonly (readonly number[])[];
  /** The example's columns. */
  readonly columns: Columns;
  /** Aborted when this call's time is up or the run stops; pass it on to `fetch` and the like. */
  readonly signal: AbortSignal;
  /** Adds to a metric of the step; values logged under one name are averaged. */
  logMetric(name: string, value: number): void;
  /**
   * Something the run lends to rewards, by name.
   * @throws ConfigError where the run does not have it, naming what it has.
   */
  capability<T>(name: string): T;
}

/** The context of one completion within its group. */
export interface CompletionContext extends RewardContext {
  /** Position of the completion within its group. */
  readonly index: number;
  readonly completionTokens: readonly number[];
  readonly finishReason: FinishReason;
}

/** Scores one completion; `null` says that this reward does not apply to it. */
export type RewardFunction = (
  completion: string,
  example: Columns,
  context: CompletionContext,
) => MaybePromise<number | null>;

/** Scores the completions of one prompt together: one value each, in order. */
export type GroupRewardFunction = (
  group: RolloutGroup,
  context: RewardContext,
) => MaybePromise<readonly (number | null)[]>;

/** A named reward. Its metrics are `rewards/{name}/mean` and `/std`. */
export interface Reward {
  readonly name: string;
  /** Columns that it reads of every example; checked before the first step. */
  readonly columns?: readonly string[];
  /** Its own time limit for one call; the runner's where absent. */
  readonly timeoutMs?: number;
  readonly score: GroupRewardFunction;
  /** Where completions are scored one by one: lets the runner keep a failure to the completion that caused it. */
  readonly scoreCompletion?: RewardFunction;
  /** Where the reward runs under its own isolation: replaces the runner's way of calling it. */
  attempt?(group: RolloutGroup, options: AttemptOptions): Promise<readonly Attempt[]>;
}

/** What users pass: a plain function is lifted to a reward of the function's name. */
export type RewardLike = Reward | RewardFunction;

/** Every {@link MissingKind}. */
export const missingKinds = ['null', 'threw', 'timeout', 'nonfinite', 'crashed'] as const;

/**
 * Why a completion has no value from a reward: the reward abstained (`null`), threw, ran out of time, returned
 * something that is not a finite number, or brought its process down.
 */
export type MissingKind = (typeof missingKinds)[number];

/** One reward's verdict on one completion. */
export interface Attempt {
  readonly value: number | null;
  readonly missing?: MissingKind;
  readonly message?: string;
  /** What the call logged, in order. */
  readonly metrics: readonly (readonly [name: string, value: number])[];
}

export interface AttemptOptions {
  /** Time limit of one call. */
  readonly timeoutMs: number;
  /** Stops everything; what is unfinished is missing. */
  readonly signal: AbortSignal;
  readonly capabilities: Readonly<Record<string, unknown>>;
  /** The completions to score; all of them where absent. */
  readonly indexes?: readonly number[];
}
