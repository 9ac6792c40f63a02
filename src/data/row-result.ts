import type { DataError } from '../errors.ts';
import type { Columns } from '../types.ts';

/** One row of a file: its columns, or why it cannot be read. */
export type RowResult =
  /** The line is 1-based, where the format has lines; of several, the last. */
  | { readonly columns: Columns; readonly line?: number; readonly error?: never }
  | { readonly error: DataError; readonly columns?: never };

/** Reads a file row by row; throws where the file as a whole cannot be read. */
export type RowReader = (file: string) => AsyncIterable<RowResult>;

/** What a value is, in a word, for messages. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Whether a parsed value can be a row. */
export function isColumns(value: unknown): value is Columns {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
