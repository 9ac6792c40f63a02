import { keptViewsOf } from '../batches/index.ts';
import type { LogprobDistribution, TokenConstraint } from '../policy/index.ts';
import type { Tokenizer } from '../tokenizers/index.ts';
import type { Rollout } from '../types.ts';

/** A way along a constraint, whole or still going. */
export interface ConstrainedPath {
  readonly tokens: readonly number[];
  /** log π of each token, in nats. */
  readonly logprobs: readonly number[];
  /** Their sum. */
  readonly score: number;
  /** Where the path stands in the constraint. */
  readonly place: number;
  /** Which tokens were allowed at each step; views. */
  readonly allowed: readonly Int32Array[];
}

/** Before its first token. */
export const emptyPath = ({ start }: TokenConstraint): ConstrainedPath => ({
  tokens: [],
  logprobs: [],
  score: 0,
  place: start,
  allowed: [],
});

/** One token further: that at `index` of what the constraint allows after the path. */
export function extend(
  path: ConstrainedPath,
  constraint: TokenConstraint,
  { index, logprob }: { index: number; logprob: number },
): ConstrainedPath {
  const set = constraint.allowed(path.place);
  return {
    tokens: [...path.tokens, set[index]!],
    logprobs: [...path.logprobs, logprob],
    score: path.score + logprob,
    place: constraint.follow(path.place, index),
    allowed: [...path.allowed, set],
  };
}

/** Taken to its end where one way is left, each token of it certain: log π = 0. Undefined where there is a choice. */
export function finished(
  path: ConstrainedPath,
  constraint: TokenConstraint,
): ConstrainedPath | undefined {
  let end = path;
  while (!constraint.isEnd(end.place)) {
    if (constraint.allowed(end.place).length !== 1) return undefined;
    end = extend(end, constraint, { index: 0, logprob: 0 });
  }
  return end;
}

/** A whole path as a completion. Its text is decoded when it is first read. */
export function rolloutOf(
  { tokens, logprobs, allowed }: ConstrainedPath,
  tokenizer: Tokenizer,
  logprobDistribution: LogprobDistribution,
): Rollout {
  let text: string | undefined;
  return {
    tokens,
    logprobs,
    finishReason: 'stop',
    get text() {
      text ??= tokenizer.decode(tokens);
      return text;
    },
    // Scoring over the whole vocabulary asks for no sets.
    ...(logprobDistribution === 'sampled' && { keptTokens: keptViewsOf(allowed) }),
  };
}
