import { bootstrapInterval, type Interval } from '../../statistics/bootstrap.ts';
import { type Correlation, pearson } from '../../statistics/correlation.ts';
import type { Method } from '../study/arms.ts';
import { type GeneratedMeasurement, pointsOf, type StudyRun } from '../study/runs.ts';

/** A correlation over the points of runs; its interval resamples runs, since points of one run depend on each other. */
export interface RunsCorrelation extends Correlation {
  readonly interval: Interval;
}

/** How the likelihood of the better completions goes with another measure. */
export function likelihoodCorrelation(
  runs: readonly StudyRun[],
  of: (measurement: GeneratedMeasurement) => number,
  every: number,
): RunsCorrelation {
  const groups = runs.map((run) =>
    pointsOf(run, every).map((point) => [point.likelihoodChosen, of(point)] as const),
  );
  const interval = bootstrapInterval(groups, (some) => pearson(some.flat()).r);
  return { ...pearson(groups.flat()), interval };
}

export const methods: readonly Method[] = ['dpo', 'ipo', 'hinge'];

export const ofMethod = (runs: readonly StudyRun[], method: Method): StudyRun[] =>
  runs.filter(({ arm }) => arm.method === method);

export const withoutNll = (runs: readonly StudyRun[]): StudyRun[] =>
  runs.filter(({ arm }) => arm.nll === 0);

export const withNll = (runs: readonly StudyRun[]): StudyRun[] =>
  runs.filter(({ arm }) => arm.nll > 0);
