import { keptLength, type TrainSequence } from '../batches/index.ts';
import type { PreferenceExample } from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { renderPromptCompletion, type Tokenizer } from '../tokenizers/index.ts';
import type { Example, KeptTokens, TextOrMessages } from '../types.ts';

/** The better and the worse completion of one prompt, each with it. */
export interface PreferencePair {
  readonly chosen: TrainSequence;
  readonly rejected: TrainSequence;
  /** Worse completions besides; as many in every pair of a run. */
  readonly furtherRejected?: readonly TrainSequence[] | undefined;
}

/** A preference as tokens, with one worse completion or several; nothing is put before, between or after them. */
export interface TokensPreference {
  readonly example: Example;
  readonly promptTokens: readonly number[];
  readonly chosenTokens: readonly number[];
  readonly rejectedTokens: readonly (readonly number[])[];
  /** What each token of the completions was one of: likelihood is renormalised over these. All rows have it, or none. */
  readonly keptTokens?:
    | { readonly chosen: KeptTokens; readonly rejected: readonly KeptTokens[] }
    | undefined;
}

export interface PairOptions {
  /** Tokens kept of prompt and completion, from the start; null: all. */
  readonly maxLength: number | null;
  /** The model's context. */
  readonly contextLength: number;
  readonly chatTemplateKwargs?: Readonly<Record<string, unknown>>;
}

type Side = 'chosen' | 'rejected';

/**
 * Tokens of prompt and completion; plain text ends with the end of sequence. Both are encoded as one text, and the
 * completion is what follows the prompt's own tokens, as TRL does. Where those are not its beginning, because a token
 * would reach over the border, they are encoded apart: TRL loses characters of the completion there.
 */
function encode(
  { example, prompt, ...row }: PreferenceExample,
  side: Side,
  tokenizer: Tokenizer,
  { chatTemplateKwargs: templateKwargs = {} }: PairOptions,
): [prompt: number[], completion: number[]] {
  const completion: TextOrMessages = row[side];
  const isText = typeof prompt === 'string';
  if (isText !== (typeof completion === 'string')) {
    throw new DataError(
      `row ${example.index}: one of prompt and ${side} is text, the other a conversation; make both the same`,
    );
  }
  const rendered = renderPromptCompletion(tokenizer, prompt, completion, { templateKwargs });
  const options = { addSpecialTokens: isText };
  const promptTokens = tokenizer.encode(rendered.prompt, options);
  const whole = tokenizer.encode(rendered.prompt + rendered.completion, options);
  const tokens = promptTokens.every((token, t) => token === whole[t])
    ? whole.slice(promptTokens.length)
    : tokenizer.encode(rendered.completion);
  const ends = !isText || tokens.at(-1) === tokenizer.eosTokenId;
  return [promptTokens, ends ? tokens : [...tokens, tokenizer.eosTokenId]];
}

function sequenceOf(
  [prompt, completion]: readonly [readonly number[], readonly number[]],
  side: Side,
  { index }: Example,
  { maxLength, contextLength }: PairOptions,
): TrainSequence {
  const whole = prompt.length + completion.length;
  const length = Math.min(whole, maxLength ?? whole);
  if (length > contextLength) {
    throw new ConfigError(
      `row ${index}: prompt and ${side} have ${length} tokens and the model's context is ${contextLength}; set max_length to at most ${contextLength}`,
    );
  }
  // Nothing comes before the first token of a sequence, so nothing predicts it.
  const promptLength = Math.max(prompt.length, 1);
  if (length <= promptLength) {
    const cause =
      length < whole
        ? `max_length ${maxLength} cuts all of ${side} away, since the prompt has ${prompt.length} tokens; set max_length above ${promptLength}, at most ${contextLength}, or leave the row out`
        : `${side} has no token after the first of the sequence, so nothing of it can be learned`;
    throw new DataError(`row ${index}: ${cause}`);
  }
  return {
    tokens: [...prompt, ...completion].slice(0, length),
    promptLength,
    completionMask: Array<number>(length - promptLength).fill(1),
  };
}

/**
 * A preference row as two sequences, each cut at `maxLength`.
 * @throws DataError naming the row when nothing of a completion is left to learn (TRL leaves such rows out without a
 * word); ConfigError when one exceeds the model's context.
 */
export function preferencePair(
  row: PreferenceExample | TokensPreference,
  tokenizer: Tokenizer,
  options: PairOptions,
): PreferencePair {
  if ('promptTokens' in row) return pairOfTokens(row, options);
  const side = (name: Side) =>
    sequenceOf(encode(row, name, tokenizer, options), name, row.example, options);
  return { chosen: side('chosen'), rejected: side('rejected') };
}

/** @throws DataError where a set of kept tokens is missing or one too many, as where max_length cuts a completion. */
function withKept(
  sequence: TrainSequence,
  kept: KeptTokens | undefined,
  name: Side,
  { index }: Example,
): TrainSequence {
  if (kept === undefined) return sequence;
  const { length } = sequence.completionMask;
  if (keptLength(kept) === length) return { ...sequence, keptTokens: kept };
  throw new DataError(
    `row ${index}: expected a set of kept tokens for each of the ${length} tokens of ${name} that are read, found ${keptLength(kept)}; give one for each token, and leave max_length at null`,
  );
}

function pairOfTokens(
  { example, promptTokens, chosenTokens, rejectedTokens, keptTokens }: TokensPreference,
  options: PairOptions,
): PreferencePair {
  const side = (completion: readonly number[], name: Side, kept: KeptTokens | undefined) =>
    withKept(sequenceOf([promptTokens, completion], name, example, options), kept, name, example);
  const [rejected, ...furtherRejected] = rejectedTokens.map((tokens, n) =>
    side(tokens, 'rejected', keptTokens?.rejected[n]),
  );
  if (rejected === undefined) {
    throw new DataError(`row ${example.index}: expected a worse completion or several, found none`);
  }
  return { chosen: side(chosenTokens, 'chosen', keptTokens?.chosen), rejected, furtherRejected };
}

/** The completions of a pair, the better one first. */
export const sequencesOf = ({
  chosen,
  rejected,
  furtherRejected = [],
}: PreferencePair): readonly TrainSequence[] => [chosen, rejected, ...furtherRejected];

/** Sequences of a micro-batch as `PreferenceInputs` have them: the better completions, then a worse of each, and so on. */
export function pairSequences(pairs: readonly PreferencePair[]): TrainSequence[] {
  const all = pairs.map(sequencesOf);
  return (all[0] ?? []).flatMap((_, place) => all.map((sequences) => sequences[place]!));
}

/**
 * R: worse completions of every pair.
 * @throws DataError where pairs differ in it, since a batch holds as many of each.
 */
export function rejectedPerChosen(pairs: readonly PreferencePair[]): number {
  const counts = pairs.map((pair) => sequencesOf(pair).length - 1);
  const [first = 1] = counts;
  const other = counts.findIndex((count) => count !== first);
  if (other < 0) return first;
  throw new DataError(
    `row ${other} has ${counts[other]} worse completions and row 0 has ${first}; give every row as many`,
  );
}
