// Packing of supervised text as TRL's pack_dataset does it. What is learned in a packed row is not changed by the rest
// of it, except under `wrapped`.
import { bestFitDecreasing, packed, type RowLayout, type TrainSequence } from '../batches/index.ts';
import { ConfigError } from '../errors.ts';
import type { Tokenizer } from '../tokenizers/index.ts';
import {
  type MarkedText,
  markedText,
  type SequenceOptions,
  type SupervisedExample,
  sequenceOf,
} from './supervised-sequences.ts';

/** What one place of a batch holds: a sequence, or with packing several that do not see one another. */
export type SupervisedRow = readonly TrainSequence[];

/** Sequences that TRL packs together: the size of a batch of `datasets.map`. */
const window = 1000;

const windowsOf = <Item>(items: readonly Item[]): (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / window) }, (_, i) =>
    items.slice(i * window, (i + 1) * window),
  );

/** Cut into pieces of at most `size` tokens. */
const split = ({ tokens, mask }: MarkedText, size: number): MarkedText[] =>
  Array.from({ length: Math.ceil(tokens.length / size) }, (_, i) => ({
    tokens: tokens.slice(i * size, (i + 1) * size),
    mask: mask.slice(i * size, (i + 1) * size),
  }));

/** One text after the other. */
const joined = (texts: readonly MarkedText[]): MarkedText => ({
  tokens: texts.flatMap(({ tokens }) => tokens),
  mask: texts.flatMap(({ mask }) => mask),
});

function bestFit(texts: readonly MarkedText[], size: number): SupervisedRow[] {
  const sequences = texts.map(sequenceOf);
  const rows = bestFitDecreasing(
    texts.map(({ tokens }) => tokens.length),
    size,
  );
  return rows.map((row) => row.map((item) => sequences[item]!));
}

const strategies = {
  bfd: bestFit,
  bfd_split: (texts: readonly MarkedText[], size: number) =>
    bestFit(
      texts.flatMap((text) => split(text, size)),
      size,
    ),
  wrapped: (texts: readonly MarkedText[], size: number) =>
    split(joined(texts), size).map((text) => [sequenceOf(text)]),
};

/** Text in rows of at most `size` tokens, packed by thousands as TRL's `pack_dataset`. */
export const packTexts = (
  texts: readonly MarkedText[],
  strategy: keyof typeof strategies,
  size: number,
): SupervisedRow[] => windowsOf(texts).flatMap((some) => strategies[strategy](some, size));

/**
 * Examples as rows to train on, in their order; packed as the options say.
 * @throws DataError, ConfigError as `supervisedSequence` does; ConfigError for rows past the model's context.
 */
export function encodeRows(
  examples: readonly SupervisedExample[],
  tokenizer: Tokenizer,
  options: SequenceOptions,
): SupervisedRow[] {
  const texts = examples.map((example) => markedText(example, tokenizer, options));
  const { packing = false, packingStrategy = 'bfd', maxLength, contextLength } = options;
  if (!packing || maxLength === null) return texts.map((text) => [sequenceOf(text)]);
  if (packingStrategy === 'wrapped' && maxLength > contextLength) {
    throw new ConfigError(
      `max_length: rows of ${maxLength} tokens that see across their texts exceed the model's context of ${contextLength}; set max_length to at most ${contextLength}`,
    );
  }
  return packTexts(texts, packingStrategy, maxLength);
}

interface LayoutOptions {
  readonly packing: boolean;
  readonly paddingFree: boolean;
  readonly maxLength: number | null;
}

/** How the sequences of a micro-batch share rows; undefined: not at all. */
export function rowLayout({
  packing,
  paddingFree,
  maxLength,
}: LayoutOptions): RowLayout | undefined {
  if (packing && maxLength !== null) return packed(maxLength);
  return paddingFree ? packed() : undefined;
}

/** Tokens of rows. */
export const tokensOf = (rows: readonly SupervisedRow[]): number =>
  rows.flat().reduce((sum, { tokens }) => sum + tokens.length, 0);
