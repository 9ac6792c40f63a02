import { randomIntegers } from '../../data/index.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The value below which a share of sorted values lies, between its neighbours in a line. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  return below + (at - Math.floor(at)) * (above - below);
}

/**
 * The middle 95% of a statistic over resamples of whole runs, since points of one run are not independent. Resamples on
 * which it is not finite are left out. Efron and Tibshirani 1993, "An introduction to the bootstrap", §13.3.
 */
export function bootstrapInterval<Run>(
  runs: readonly Run[],
  statistic: (runs: readonly Run[]) => number,
  { resamples = 2000, seed = 0 }: { resamples?: number; seed?: number } = {},
): Interval {
  const random = randomIntegers(BigInt(seed));
  const values = Array.from({ length: resamples }, () =>
    statistic(runs.map(() => runs[random(runs.length)]!)),
  ).filter(Number.isFinite);
  return { low: quantile(values, 0.025), high: quantile(values, 0.975) };
}
