import { bootstrapInterval, type Interval } from '../../statistics/bootstrap.ts';
import {
  fitPolynomial,
  inSampleRmse,
  leaveOneOutRmse,
  type Point,
  type Polynomial,
  vertexOf,
} from '../../statistics/least-squares.ts';
import { pointsOf, type StudyRun } from '../study/runs.ts';

/** Whether win probability bends over likelihood: a quadratic against a line. */
export interface Bend {
  /** Change of the error by the quadratic, percent; below 0 where it fits better. Each run is left out in turn. */
  readonly leftOut: number;
  readonly leftOutInterval: Interval;
  /** The same on the points fitted, as the paper has it. */
  readonly inSample: number;
  readonly line: Polynomial;
  readonly parabola: Polynomial;
  readonly isConcave: boolean;
  readonly vertex: number;
  readonly vertexInterval: Interval;
  /** Share of resamples in which the parabola is concave with its vertex within the range. */
  readonly insideShare: number;
  readonly range: readonly [number, number];
  readonly points: readonly Point[];
}

const change = (to: number, from: number): number => 100 * (to / from - 1);

/** Over what win probability is fitted: likelihood in nats a token, or its rank among the points, from 0 to 1. */
export type BendScale = 'nats' | 'rank';

function pointsOfRuns(runs: readonly StudyRun[], every: number, scale: BendScale): Point[][] {
  const groups = runs.map((run) => pointsOf(run, every));
  const sorted = groups.flat().map(({ likelihoodChosen }) => likelihoodChosen);
  sorted.sort((a, b) => a - b);
  const placeOf = (value: number) =>
    scale === 'nats' ? value : sorted.indexOf(value) / Math.max(sorted.length - 1, 1);
  return groups.map((group) =>
    group.map(({ likelihoodChosen, winProbability }) => [
      placeOf(likelihoodChosen),
      winProbability,
    ]),
  );
}

/** Copies of a run in a resample are left out together: one that stays would have been seen. */
function mergeCopies(groups: readonly (readonly Point[])[]): Point[][] {
  const merged = new Map<readonly Point[], Point[]>();
  for (const group of groups) merged.set(group, [...(merged.get(group) ?? []), ...group]);
  return [...merged.values()];
}

function leftOutChange(groups: readonly (readonly Point[])[]): number {
  const runs = mergeCopies(groups);
  return change(leaveOneOutRmse(runs, 2), leaveOneOutRmse(runs, 1));
}

/** Win probability by the likelihood of the better completions, a point every `every` steps of each run. */
export function measureBend(
  runs: readonly StudyRun[],
  every: number,
  scale: BendScale = 'nats',
): Bend {
  const groups = pointsOfRuns(runs, every, scale);
  const points = groups.flat();
  const parabola = fitPolynomial(points, 2);
  const xs = points.map(([x]) => x);
  const range = [Math.min(...xs), Math.max(...xs)] as const;
  const isInside = (fit: Polynomial) =>
    fit[2]! < 0 && vertexOf(fit) > range[0] && vertexOf(fit) < range[1];
  const fitOf = (some: readonly (readonly Point[])[]) => fitPolynomial(some.flat(), 2);
  let inside = 0;
  let resamples = 0;
  const vertexInterval = bootstrapInterval(groups, (some) => {
    const fit = fitOf(some);
    resamples++;
    if (isInside(fit)) inside++;
    return vertexOf(fit);
  });
  return {
    leftOut: leftOutChange(groups),
    leftOutInterval: bootstrapInterval(groups, leftOutChange),
    inSample: change(inSampleRmse(points, 2), inSampleRmse(points, 1)),
    line: fitPolynomial(points, 1),
    parabola,
    isConcave: parabola[2]! < 0,
    vertex: vertexOf(parabola),
    vertexInterval,
    insideShare: inside / resamples,
    range,
    points,
  };
}
