import { bootstrapInterval, type Interval } from '../../statistics/bootstrap.ts';
import type { StudyRun } from '../study/runs.ts';

/** How far the mass of the likeliest tokens falls from its highest value to the end of a run. */
export const massFall = ({ measurements }: StudyRun): number =>
  Math.max(...measurements.map(({ mass }) => mass)) - measurements.at(-1)!.mass;

export interface MassFall {
  readonly name: string;
  readonly mean: number;
  readonly interval: Interval;
  readonly runs: number;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The mean fall of a group of runs. */
export function groupMassFall(name: string, runs: readonly StudyRun[]): MassFall {
  const falls = runs.map(massFall);
  return { name, mean: mean(falls), interval: bootstrapInterval(falls, mean), runs: runs.length };
}
