import type { TrainSequence } from '../batches/index.ts';
import type { PreferenceExample } from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { renderPromptCompletion, type Tokenizer } from '../tokenizers/index.ts';
import type { TextOrMessages } from '../types.ts';

/** The better and the worse completion of one prompt, each with it. */
export interface PreferencePair {
  readonly chosen: TrainSequence;
  readonly rejected: TrainSequence;
}

export interface PairOptions {
  /** Tokens kept of prompt and completion, from the start; null: all. */
  readonly maxLength: number | null;
  /** The model's context. */
  readonly contextLength: number;
  readonly chatTemplateKwargs?: Readonly<Record<string, unknown>>;
}

type Side = keyof PreferencePair;

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
  row: PreferenceExample,
  side: Side,
  tokenizer: Tokenizer,
  options: PairOptions,
): TrainSequence {
  const [prompt, completion] = encode(row, side, tokenizer, options);
  const { maxLength, contextLength } = options;
  const { index } = row.example;
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
  row: PreferenceExample,
  tokenizer: Tokenizer,
  options: PairOptions,
): PreferencePair {
  return {
    chosen: sequenceOf(row, 'chosen', tokenizer, options),
    rejected: sequenceOf(row, 'rejected', tokenizer, options),
  };
}

/** Sequences of a micro-batch as `PreferenceInputs` have them: the better completions, then the worse. */
export const pairSequences = (pairs: readonly PreferencePair[]): TrainSequence[] => [
  ...pairs.map(({ chosen }) => chosen),
  ...pairs.map(({ rejected }) => rejected),
];
