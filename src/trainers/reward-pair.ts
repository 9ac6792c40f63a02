import type { PreferenceExample } from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { type TextPair, textTokens } from '../policy/index.ts';
import type { Tokenizer } from '../tokenizers/index.ts';

export interface RewardPairOptions {
  /** Tokens of the longest text that is kept; null: any. */
  readonly maxLength: number | null;
  /** The model's context. */
  readonly contextLength: number;
  readonly chatTemplateKwargs?: Readonly<Record<string, unknown>>;
}

/** The pairs to learn from, and how many were left out for their length. */
export interface RewardPairs {
  readonly pairs: readonly TextPair[];
  readonly tooLong: number;
}

function marginOf({ example: { index, columns } }: PreferenceExample): { margin?: number } {
  const margin = columns['margin'];
  if (margin === undefined) return {};
  if (typeof margin === 'number' && Number.isFinite(margin)) return { margin };
  throw new DataError(
    `row ${index}: column "margin" should be a finite number, found ${JSON.stringify(margin)}`,
  );
}

/** A preference row as two texts with the row's `margin`. @throws DataError naming the row when one is text, the other not. */
export function rewardPair(
  row: PreferenceExample,
  tokenizer: Tokenizer,
  { chatTemplateKwargs = {} }: Pick<RewardPairOptions, 'chatTemplateKwargs'> = {},
): TextPair {
  const encode = (side: 'chosen' | 'rejected'): number[] => {
    if ((typeof row.prompt === 'string') !== (typeof row[side] === 'string')) {
      throw new DataError(
        `row ${row.example.index}: one of prompt and ${side} is text, the other a conversation; make both the same`,
      );
    }
    return textTokens(tokenizer, row.prompt, row[side], { chatTemplateKwargs });
  };
  return { chosen: encode('chosen'), rejected: encode('rejected'), ...marginOf(row) };
}

const lengthOf = ({ chosen, rejected }: TextPair): number =>
  Math.max(chosen.length, rejected.length);

function assertFits(pair: TextPair, index: number, contextLength: number): void {
  if (lengthOf(pair) <= contextLength) return;
  throw new ConfigError(
    `row ${index}: a text has ${lengthOf(pair)} tokens and the model's context is ${contextLength}; set max_length to at most ${contextLength}, which leaves longer pairs out`,
  );
}

/**
 * Preference rows as texts. Pairs with a text past `maxLength` are left out, as TRL's RewardTrainer leaves them, and
 * counted.
 * @throws DataError naming the row that lacks a margin where others have one, or when no pair is left; ConfigError when
 * one exceeds the model's context.
 */
export function rewardPairs(
  rows: readonly PreferenceExample[],
  tokenizer: Tokenizer,
  options: RewardPairOptions,
): RewardPairs {
  const { maxLength, contextLength } = options;
  const all = rows.map((row) => rewardPair(row, tokenizer, options));
  const hasMargins = all.some(({ margin }) => margin !== undefined);
  const pairs = all.filter((pair, i) => {
    const { index } = rows[i]!.example;
    if (hasMargins && pair.margin === undefined) {
      throw new DataError(
        `row ${index}: has no margin, and other rows have one; give it one, 0 for instance`,
      );
    }
    if (maxLength !== null && lengthOf(pair) > maxLength) return false;
    assertFits(pair, index, contextLength);
    return true;
  });
  if (pairs.length === 0 && rows.length > 0) {
    const shortest = all.reduce((least, pair) => Math.min(least, lengthOf(pair)), Infinity);
    throw new DataError(
      `max_length ${maxLength} leaves all ${rows.length} pairs out: the shortest has a text of ${shortest} tokens; set max_length to at least ${shortest}, at most ${contextLength}`,
    );
  }
  return { pairs, tooLong: all.length - pairs.length };
}
