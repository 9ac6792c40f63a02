import { shuffledOrder } from './shuffled-order.ts';

/** Batches that are sorted together, at most. */
const batchesTogether = 50;

export interface LengthGroupOptions {
  /** Rows of one optimiser step. */
  readonly batchSize: number;
  readonly seed: number;
}

/**
 * An epoch's order in which neighbours are of similar length, so that batches have little padding: rows are shuffled,
 * and each run of 50 batches (a quarter of the rows, where that is less) is sorted, longest first. The longest row of all
 * comes first, so that memory that does not suffice shows at once. As transformers' LengthGroupedSampler, whose random
 * numbers are others.
 */
export function lengthGroupedOrder(
  lengths: readonly number[],
  epoch: number,
  { batchSize, seed }: LengthGroupOptions,
): Uint32Array {
  const rows = Array.from(shuffledOrder(lengths.length, seed, epoch));
  const together = Math.min(Math.floor(lengths.length / (batchSize * 4)), batchesTogether) || 1;
  const order: number[] = [];
  for (let start = 0; start < rows.length; start += together * batchSize) {
    const run = rows.slice(start, start + together * batchSize);
    order.push(...run.sort((a, b) => lengths[b]! - lengths[a]!));
  }
  const longest = order.reduce(
    (best, row, i) => (lengths[row]! > lengths[order[best]!]! ? i : best),
    0,
  );
  [order[0], order[longest]] = [order[longest]!, order[0]!];
  return Uint32Array.from(order);
}
