/**
 * How the sequences of a batch share rows. The result of training does not depend on it: sequences of one row do not
 * see one another. Fewer places of padding take less time and memory.
 */

import { ShapeError } from '../errors.ts';

/** Given the sequences' lengths, which of them stand in each row, in order; each in one row. */
export type RowLayout = (lengths: readonly number[]) => readonly (readonly number[])[];

/** One sequence per row, padded to the longest. */
export const padded: RowLayout = (lengths) => lengths.map((_, sequence) => [sequence]);

const total = (lengths: readonly number[]): number =>
  lengths.reduce((sum, length) => sum + length, 0);

/** Places that rows of sequences take, each as long as the longest. */
function placesOf(rows: readonly (readonly number[])[], lengths: readonly number[]): number {
  const sums = rows.map((row) => total(row.map((item) => lengths[item]!)));
  return rows.length * Math.max(0, ...sums);
}

/** Of rows once to twice as long as the longest sequence those that take the fewest places, the shortest where equal. */
function tightest(lengths: readonly number[], longest: number): number[][] {
  const widths = Array.from({ length: 9 }, (_, eighths) => Math.floor(longest * (1 + eighths / 8)));
  const layouts = widths.map((width) => bestFitDecreasing(lengths, width));
  return layouts.reduce((best, rows) =>
    placesOf(rows, lengths) < placesOf(best, lengths) ? rows : best,
  );
}

/**
 * Several sequences per row, as many as fit into `rowTokens` or the longest of them; where that is left out, into rows
 * of the length that leaves the least padding, at most twice the longest.
 */
export const packed =
  (rowTokens?: number): RowLayout =>
  (lengths) => {
    const longest = lengths.reduce((most, length) => Math.max(most, length), rowTokens ?? 1);
    return rowTokens === undefined
      ? tightest(lengths, longest)
      : bestFitDecreasing(lengths, longest);
  };

/** The share of places that hold padding, over batches of sequences of these lengths. */
export function paddingShare(
  batches: readonly (readonly number[])[],
  layout: RowLayout = padded,
): number {
  const all = total(batches.map((lengths) => placesOf(layout(lengths), lengths)));
  return all === 0 ? 0 : 1 - total(batches.map(total)) / all;
}

/** Rows with the same room left, the one that has had it longest first. */
class RowsByRoom {
  readonly #rows: number[][][];

  constructor(capacity: number) {
    this.#rows = Array.from({ length: capacity }, () => []);
  }

  add(row: number[], room: number): void {
    this.#rows[room]!.push(row);
  }

  /** Takes out a row with the least room that is enough. */
  take(length: number): { row: number[]; room: number } | undefined {
    for (let room = length; room < this.#rows.length; room++) {
      const row = this.#rows[room]!.shift();
      if (row !== undefined) return { row, room };
    }
    return undefined;
  }
}

/**
 * Puts items into rows of `capacity`: the longest first, each into the row with the least room that is enough, or a
 * new one. The rows are those of TRL's `bfd` packing.
 * Ding et al. 2024, arXiv:2404.10830v2, Section 3.2.
 * @throws ShapeError when an item is longer than a row.
 */
export function bestFitDecreasing(lengths: readonly number[], capacity: number): number[][] {
  const longestFirst = [...lengths.keys()].sort((a, b) => lengths[b]! - lengths[a]!);
  const open = new RowsByRoom(capacity);
  const rows: number[][] = [];
  for (const item of longestFirst) {
    const length = lengths[item]!;
    if (length > capacity) {
      throw new ShapeError(
        `bestFitDecreasing: item ${item} has length ${length}, more than the row's ${capacity}`,
      );
    }
    const { row, room } = open.take(length) ?? { row: [], room: capacity };
    if (row.length === 0) rows.push(row);
    row.push(item);
    open.add(row, room - length);
  }
  return rows;
}
