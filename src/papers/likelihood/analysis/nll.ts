import { bootstrapInterval, type Interval } from '../../statistics/bootstrap.ts';
import {
  evaluatePolynomial,
  fitPolynomial,
  rootMeanSquare,
} from '../../statistics/least-squares.ts';
import type { Method } from '../study/arms.ts';
import { pointsOf, type StudyRun } from '../study/runs.ts';
import { ofMethod, withNll, withoutNll } from './correlations.ts';

/** Whether runs with a likelihood term win more than others of the same likelihood. */
export interface NllEffect {
  readonly method: Method;
  /** Mean of win probability less what the curve of the runs without the term says at the same likelihood. */
  readonly residual: number;
  /** Over runs, of either kind. */
  readonly interval: Interval;
  /** How far runs without the term lie from their own curve. */
  readonly spread: number;
  /** Mean change of the final likelihood by the largest λ, and of the final win probability. */
  readonly likelihoodChange: number;
  readonly winChange: number;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const residuals = (runs: readonly StudyRun[], every: number, curve: readonly number[]): number[] =>
  runs.flatMap((run) =>
    pointsOf(run, every).map(
      ({ likelihoodChosen, winProbability }) =>
        winProbability - evaluatePolynomial(curve, likelihoodChosen),
    ),
  );

const curveOf = (runs: readonly StudyRun[], every: number) =>
  fitPolynomial(
    runs.flatMap((run) =>
      pointsOf(run, every).map(
        ({ likelihoodChosen, winProbability }) => [likelihoodChosen, winProbability] as const,
      ),
    ),
    2,
  );

/** The runs at the largest λ, each with the run of the same strength and seed without the term. */
function pairsOf(runs: readonly StudyRun[]): (readonly [StudyRun, StudyRun])[] {
  const largest = Math.max(...runs.map(({ arm }) => arm.nll));
  return runs
    .filter(({ arm }) => arm.nll === largest && largest > 0)
    .flatMap((run) => {
      const plain = runs.find(
        ({ arm, seed }) => arm.nll === 0 && arm.strength === run.arm.strength && seed === run.seed,
      );
      return plain === undefined ? [] : [[run, plain] as const];
    });
}

/** Undefined where a method has no runs of both kinds. */
export function nllEffect(
  runs: readonly StudyRun[],
  method: Method,
  every: number,
): NllEffect | undefined {
  const own = ofMethod(runs, method);
  const [plain, regularized] = [withoutNll(own), withNll(own)];
  if (plain.length < 3 || regularized.length === 0) return undefined;
  const effect = (some: readonly StudyRun[]) => {
    const curve = curveOf(withoutNll(some), every);
    return mean(residuals(withNll(some), every, curve));
  };
  const last = ({ measurements }: StudyRun) => measurements.at(-1)!;
  const pairs = pairsOf(own);
  return {
    method,
    residual: effect(own),
    interval: bootstrapInterval(own, effect, { resamples: 1000 }),
    spread: rootMeanSquare(residuals(plain, every, curveOf(plain, every))),
    likelihoodChange: mean(
      pairs.map(
        ([with_, without]) => last(with_).likelihoodChosen - last(without).likelihoodChosen,
      ),
    ),
    winChange: mean(
      pairs.map(([with_, without]) => last(with_).winProbability - last(without).winProbability),
    ),
  };
}
