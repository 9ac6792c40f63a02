import { DataError } from '../../errors.ts';
import type { ItemLanguage, NextItem } from '../../recommendation/types.ts';
import type { Columns } from '../../types.ts';

/** What rewards and samplers read of a question: each carries its own answer, whatever other questions have its history. */
export interface NextItemColumns extends Columns {
  readonly user: string;
  /** Items, oldest first. */
  readonly history: readonly number[];
  /** The item that followed. */
  readonly target: number;
  /** Its tokens. */
  readonly target_tokens: readonly number[];
}

/** Columns that rewards say they read. */
export const targetColumns = ['target', 'target_tokens'] as const;

/** A question's columns. */
export const columnsOf = (
  { user, history, target }: NextItem,
  language: ItemLanguage,
): NextItemColumns => ({ user, history, target, target_tokens: language.tokensOf(target) });

/** Tokens of the answer. @throws DataError for a row that names none. */
export function wantedTokens(columns: Columns): readonly number[] {
  const tokens = columns['target_tokens'];
  if (Array.isArray(tokens)) return tokens as readonly number[];
  throw new DataError(
    `a row has no column target_tokens, the tokens of the item that followed; it has ${Object.keys(columns).join(', ') || 'none'}`,
  );
}

/** The answer. @throws DataError for a row that names none. */
export function wantedItem(columns: Columns): number {
  const { target } = columns;
  if (typeof target === 'number') return target;
  throw new DataError('a row has no column target, the item that followed');
}
