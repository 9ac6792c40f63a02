/** Measures of a ranking with one right answer, by its rank: 1 is first, 0 is not in the list. */

/** The K of the paper's tables. */
export const DEFAULT_KS: readonly number[] = [1, 3, 5, 10, 20, 50];

/** Place of the target in a list, counted from 1; 0 where it is missing. */
export function rankOf(ranked: readonly { readonly item: number }[], target: number): number {
  return ranked.findIndex(({ item }) => item === target) + 1;
}

const isWithin = (rank: number, k: number): boolean => rank > 0 && rank <= k;

/** HR@K: 1 where the target is among the first K. */
export const hitRate = (rank: number, k: number): number => (isWithin(rank, k) ? 1 : 0);

/** NDCG@K for a single target, whose ideal gain is 1: 1 / log₂(rank + 1) within the first K, else 0. */
export const ndcg = (rank: number, k: number): number =>
  isWithin(rank, k) ? 1 / Math.log2(rank + 1) : 0;

/** A mean with how far it may be off. */
export interface Estimate {
  readonly mean: number;
  /** √(s² / n), s² unbiased; 0 for a single value. */
  readonly standardError: number;
}

/** @returns NaN as the mean of nothing. */
export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: n > 1 ? Math.sqrt(squares / (n - 1) / n) : 0 };
}
