import type { Segments } from '../models/index.ts';
import { fromTypedArray, type Tensor } from '../tensor/index.ts';
import type { RowLayout } from './row-layout.ts';

/** What is placed: its tokens stand together. */
interface Placed {
  readonly tokens: readonly number[];
}

/** The largest of some counts, at least 1. */
export const longest = (lengths: readonly number[]): number =>
  lengths.reduce((most, length) => Math.max(most, length), 1);

/** Where the sequences of a batch stand. */
export interface Placement {
  readonly rows: readonly (readonly number[])[];
  /** T */
  readonly length: number;
  /** For each sequence, the place of its first token in the flattened rows. */
  readonly offsets: readonly number[];
}

/** Places sequences one behind the other in the rows that the layout gives them. */
export function place(sequences: readonly Placed[], layout: RowLayout): Placement {
  const lengths = sequences.map(({ tokens }) => tokens.length);
  const rows = layout(lengths);
  const length = longest(rows.map((row) => row.reduce((sum, item) => sum + lengths[item]!, 0)));
  const offsets = Array<number>(sequences.length);
  for (const [index, row] of rows.entries()) {
    let next = index * length;
    for (const item of row) {
      offsets[item] = next;
      next += lengths[item]!;
    }
  }
  return { rows, length, offsets };
}

/** The rows' tokens. [R, T] */
export function padTokens(
  sequences: readonly Placed[],
  padTokenId: number,
  { rows, length, offsets }: Placement,
): Tensor {
  const ids = new BigInt64Array(rows.length * length).fill(BigInt(padTokenId));
  for (const [item, { tokens }] of sequences.entries()) {
    for (const [position, token] of tokens.entries())
      ids[offsets[item]! + position] = BigInt(token);
  }
  return fromTypedArray(ids, [rows.length, length]);
}

/** What divides the rows, where any holds several sequences; padding counts as one more. */
export function segmentsOf(
  sequences: readonly Placed[],
  { rows, length, offsets }: Placement,
  device: string,
): Segments | undefined {
  if (rows.every((row) => row.length <= 1)) return undefined;
  const starts = new Int32Array(rows.length * length);
  const ends = new Int32Array(rows.length * length).fill(length);
  for (const [index, row] of rows.entries()) {
    const first = index * length;
    let end = 0;
    for (const item of row) {
      const start = offsets[item]! - first;
      end = start + sequences[item]!.tokens.length;
      starts.fill(start, first + start, first + end);
      ends.fill(end, first + start, first + end);
    }
    starts.fill(end, first + end, first + length);
  }
  const move = (places: Int32Array) =>
    fromTypedArray(places, [rows.length, length], { dtype: 'int32' }).to({ device });
  return { starts: move(starts), ends: move(ends) };
}
