import { ConfigError } from '../errors.ts';
import type { Generator, Tensor } from '../tensor/index.ts';
import { allowedLogprobs, allowedTokens } from './constrained-step.ts';
import { type Draw, drawFrom } from './draw.ts';
import { cutsVocabulary, type ResolvedSampling } from './sampling-options.ts';
import type { TokenConstraint } from './token-constraint.ts';

/** One token per row, and where the constraint stands after it. */
export interface ConstrainedDraw extends Draw {
  readonly places: number[];
}

/** @throws ConfigError for options that a constraint leaves no room for. */
export function assertConstrainable(
  sampling: ResolvedSampling,
  { maxTokens }: TokenConstraint,
): void {
  const { maxCompletionLength, repetitionPenalty, stopStrings } = sampling;
  if (maxCompletionLength < maxTokens) {
    throw new ConfigError(
      `max_completion_length: ${maxCompletionLength} cuts paths of the constraint, which have up to ${maxTokens} tokens; set it to ${maxTokens} or more`,
    );
  }
  if (cutsVocabulary(sampling) || repetitionPenalty !== 1 || stopStrings.length > 0) {
    throw new ConfigError(
      'a constraint decides what may be drawn: leave out top_k, top_p, min_p, repetition_penalty and stop_strings',
    );
  }
}

/**
 * Draws one token per row of logits [R, V] among those the constraint allows there, in proportion to their
 * probabilities. Temperature 0 takes the likeliest, and reports its log-probability at temperature 1.
 */
export function drawConstrained(
  logits: Tensor,
  { sampling, generator }: { sampling: ResolvedSampling; generator: Generator },
  constraint: TokenConstraint,
  places: readonly number[],
): ConstrainedDraw {
  const { temperature, logprobDistribution } = sampling;
  const scaled = temperature === 0 || temperature === 1 ? logits : logits.div(temperature);
  const allowed = allowedTokens(constraint, places, logits.device);
  const logprobs = allowedLogprobs(scaled, allowed, 'constrained');
  const chosen =
    temperature === 0
      ? logprobs.argmax(-1, { keepDim: true })
      : drawFrom(logprobs.exp(), generator);
  const reported =
    logprobDistribution === 'sampled' ? logprobs : allowedLogprobs(scaled, allowed, 'full');
  const indices = chosen.toArray();
  return {
    tokens: allowed.ids.gather(1, chosen).toArray(),
    logprobs: reported.gather(1, chosen).toArray(),
    // Scoring over the whole vocabulary asks for no sets.
    keptTokens: logprobDistribution === 'sampled' ? [...allowed.sets] : undefined,
    places: places.map((place, row) => constraint.follow(place, indices[row]!)),
  };
}
