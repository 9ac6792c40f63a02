import { ConfigError } from '../errors.ts';

/**
 * Under which distribution log-probabilities are taken; old and new always under the same one.
 * - `sampled`: exactly what was drawn from: temperature, top-k, top-p, min-p, constraint.
 * - `full`: the softmax over the whole vocabulary at the temperature, as the published code of most papers.
 */
export type LogprobDistribution = 'sampled' | 'full';

/** How completions are drawn. Names and defaults are TRL's. */
export interface SamplingOptions {
  readonly maxCompletionLength: number;
  /** 0 takes the likeliest token. */
  readonly temperature?: number;
  /** Keep the k likeliest tokens; 0: all. */
  readonly topK?: number;
  /** Keep the fewest tokens whose probabilities reach this sum; 1: all. */
  readonly topP?: number;
  /** Keep tokens at least this likely, as a share of the likeliest one's probability; null: all. */
  readonly minP?: number | null;
  /** Divides positive logits of tokens seen before, multiplies negative ones; 1: none. */
  readonly repetitionPenalty?: number;
  /** Texts that end a completion; they are left out of its text, and their tokens stay in its tokens. */
  readonly stopStrings?: readonly string[];
  /** Tokens that end a completion, besides the tokenizer's end of sequence. */
  readonly stopTokens?: readonly number[];
  readonly logprobDistribution?: LogprobDistribution;
}

export type ResolvedSampling = Required<SamplingOptions>;

/** Fills in TRL's defaults and refuses values outside their ranges. @throws ConfigError naming the option. */
export function resolveSampling(options: SamplingOptions): ResolvedSampling {
  const resolved: ResolvedSampling = {
    temperature: 1,
    topK: 0,
    topP: 1,
    minP: null,
    repetitionPenalty: 1,
    stopStrings: [],
    stopTokens: [],
    logprobDistribution: 'sampled',
    ...options,
  };
  const expect = (name: string, value: number, valid: boolean, range: string): void => {
    if (!valid) throw new ConfigError(`${name}: expected ${range}, found ${value}`);
  };
  const { maxCompletionLength, temperature, topK, topP, minP, repetitionPenalty } = resolved;
  expect(
    'max_completion_length',
    maxCompletionLength,
    Number.isInteger(maxCompletionLength) && maxCompletionLength > 0,
    'a whole number above 0',
  );
  expect(
    'temperature',
    temperature,
    temperature >= 0 && Number.isFinite(temperature),
    'a number of at least 0',
  );
  expect('top_k', topK, Number.isInteger(topK) && topK >= 0, 'a whole number of at least 0');
  expect('top_p', topP, topP > 0 && topP <= 1, 'a number above 0 and at most 1');
  expect('min_p', minP ?? 0, (minP ?? 0) >= 0 && (minP ?? 0) <= 1, 'null or a number from 0 to 1');
  expect('repetition_penalty', repetitionPenalty, repetitionPenalty > 0, 'a number above 0');
  if (resolved.stopStrings.includes(''))
    throw new ConfigError(
      'stop_strings: expected texts of at least one character, found an empty one',
    );
  return resolved;
}

/** Whether drawing leaves tokens out. */
export const cutsVocabulary = ({ topK, topP, minP }: ResolvedSampling): boolean =>
  topK > 0 || topP < 1 || (minP ?? 0) > 0;
