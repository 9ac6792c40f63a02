import { keptLength, type TrainSequence } from '../batches/index.ts';
import type { MessagesExample, PromptCompletionExample } from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { renderPromptCompletion, renderWithMask, type Tokenizer } from '../tokenizers/index.ts';
import type { Example, KeptTokens } from '../types.ts';

/** A row as tokens, of which those are learned where the mask is 1; nothing is put before or after them. */
export interface TokensExample extends MarkedText {
  readonly example: Example;
}

/** A row to learn: prompt and completion, a conversation, plain text, or tokens. */
export type SupervisedExample =
  | PromptCompletionExample
  | MessagesExample
  | TokensExample
  | { readonly example: Example; readonly text: string };

export interface SequenceOptions {
  /** Tokens kept of a sequence, from its start; null: all. */
  readonly maxLength: number | null;
  /** Learn the completion only; null: yes where rows have a prompt. */
  readonly completionOnlyLoss: boolean | null;
  /** Learn assistant turns only. */
  readonly assistantOnlyLoss: boolean;
  /** The model's context. */
  readonly contextLength: number;
  readonly chatTemplateKwargs?: Readonly<Record<string, unknown>>;
  /** Whether rows are packed, which is done afterwards: strategies that split keep what `maxLength` would cut. */
  readonly packing?: boolean;
  readonly packingStrategy?: 'bfd' | 'bfd_split' | 'wrapped';
}

/** Tokens of a row, and which of them are learned. */
export interface MarkedText {
  readonly tokens: readonly number[];
  /** 1 where the token is learned. */
  readonly mask: readonly number[];
  /**
   * From the first learned token on: the ids that each was one of. Its likelihood is renormalised over them. All rows
   * have it, or none.
   */
  readonly keptTokens?: KeptTokens | undefined;
}

const constant = (length: number, value: number): number[] => Array<number>(length).fill(value);

/** With the end-of-sequence token, unless the text ends with it already, as TRL does. */
const ended = (tokens: readonly number[], { eosTokenId }: Tokenizer): number[] =>
  tokens.at(-1) === eosTokenId ? [...tokens] : [...tokens, eosTokenId];

function promptCompletion(
  row: PromptCompletionExample,
  tokenizer: Tokenizer,
  options: SequenceOptions,
): MarkedText {
  const learnPrompt = options.completionOnlyLoss === false ? 1 : 0;
  const [prompt, whole] = promptAndWhole(row, tokenizer, options);
  return {
    tokens: whole,
    mask: whole.map((_, t) => (t < prompt.length ? learnPrompt : 1)),
  };
}

/**
 * Tokens of the prompt, and of prompt and completion encoded as one text, as TRL does. A token that reaches over the
 * border counts for the prompt's last one and is not learned.
 */
function promptAndWhole(
  { example, prompt, completion }: PromptCompletionExample,
  tokenizer: Tokenizer,
  { chatTemplateKwargs = {} }: SequenceOptions,
): [number[], number[]] {
  const isText = typeof prompt === 'string';
  if (isText !== (typeof completion === 'string')) {
    throw new DataError(
      `row ${example.index}: one of prompt and completion is text, the other a conversation; make both the same`,
    );
  }
  const rendered = renderPromptCompletion(tokenizer, prompt, completion, {
    templateKwargs: chatTemplateKwargs,
  });
  const promptTokens = tokenizer.encode(rendered.prompt, { addSpecialTokens: isText });
  const text = rendered.prompt + rendered.completion;
  const tokens = tokenizer.encode(text, { addSpecialTokens: isText });
  // A chat template writes the end of a turn itself.
  return [promptTokens, isText ? ended(tokens, tokenizer) : tokens];
}

/** @throws DataError where tokens and mask do not fit each other or the vocabulary. */
function checked(
  { example, tokens, mask, keptTokens }: TokensExample,
  { vocabSize }: Tokenizer,
): MarkedText {
  if (tokens.length !== mask.length) {
    throw new DataError(
      `row ${example.index}: expected as many mask values as tokens, found ${mask.length} for ${tokens.length}`,
    );
  }
  const strange = tokens.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabSize));
  if (strange !== undefined) {
    throw new DataError(
      `row ${example.index}: token ${strange} is not in the vocabulary, which has ids from 0 to ${vocabSize - 1}`,
    );
  }
  const learned = tokens.length - firstLearned(mask);
  if (keptTokens !== undefined && keptLength(keptTokens) !== learned) {
    throw new DataError(
      `row ${example.index}: expected a set of kept tokens for each token from the first learned one on, ${learned}, found ${keptLength(keptTokens)}`,
    );
  }
  return { tokens, mask, keptTokens };
}

function mark(row: SupervisedExample, tokenizer: Tokenizer, options: SequenceOptions): MarkedText {
  if ('tokens' in row) return checked(row, tokenizer);
  if ('messages' in row) {
    const { tokens, assistantMask } = renderWithMask(tokenizer, row.messages, {
      templateKwargs: options.chatTemplateKwargs ?? {},
    });
    return {
      tokens: [...tokens],
      mask: options.assistantOnlyLoss ? [...assistantMask] : constant(tokens.length, 1),
    };
  }
  if ('text' in row) {
    const tokens = ended(tokenizer.encode(row.text, { addSpecialTokens: true }), tokenizer);
    return { tokens, mask: constant(tokens.length, 1) };
  }
  return promptCompletion(row, tokenizer, options);
}

const splits = ({ packing = false, packingStrategy = 'bfd' }: SequenceOptions): boolean =>
  packing && packingStrategy !== 'bfd';

/**
 * A row's tokens, cut at `maxLength` unless packing splits them, and which of them are learned. Text and completions
 * end with the end-of-sequence token.
 * @throws DataError when nothing of the row is left to learn; ConfigError when it exceeds the model's context.
 */
export function markedText(
  row: SupervisedExample,
  tokenizer: Tokenizer,
  options: SequenceOptions,
): MarkedText {
  const { tokens, mask, keptTokens } = mark(row, tokenizer, options);
  const most = options.maxLength ?? tokens.length;
  const { index } = row.example;
  const length = Math.min(tokens.length, most);
  if (length > options.contextLength) {
    throw new ConfigError(
      `row ${index} has ${length} tokens and the model's context is ${options.contextLength}; set max_length to at most ${options.contextLength}`,
    );
  }
  const kept = splits(options) ? tokens.length : length;
  if (!mask.slice(1, kept).includes(1)) {
    const cut =
      kept < tokens.length
        ? `; max_length ${options.maxLength} cuts it before the part to learn, which ends at token ${tokens.length}`
        : '';
    throw new DataError(`row ${index} has no token to learn, so its mask would be all zero${cut}`);
  }
  if (keptTokens !== undefined && (kept < tokens.length || splits(options))) {
    throw new ConfigError(
      `row ${index} says which tokens each was one of, so it cannot be cut or split: leave max_length at null, and packing_strategy at bfd`,
    );
  }
  return { tokens: tokens.slice(0, kept), mask: mask.slice(0, kept), keptTokens };
}

/** Place of the first learned token. It is never the first of all: nothing comes before that. */
function firstLearned(mask: readonly number[]): number {
  const first = mask.indexOf(1);
  return Math.max(1, first < 0 ? mask.length : first);
}

/** Marked text to train on. The first token is never learned: nothing comes before it. */
export function sequenceOf({ tokens, mask, keptTokens }: MarkedText): TrainSequence {
  const promptLength = firstLearned(mask);
  const sequence = { tokens, promptLength, completionMask: mask.slice(promptLength) };
  return keptTokens === undefined ? sequence : { ...sequence, keptTokens };
}

/** A row as a sequence to train on. @throws as `markedText` does. */
export const supervisedSequence = (
  row: SupervisedExample,
  tokenizer: Tokenizer,
  options: SequenceOptions,
): TrainSequence => sequenceOf(markedText(row, tokenizer, options));
