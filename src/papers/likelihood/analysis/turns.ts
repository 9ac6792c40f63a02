import { best, type GeneratedMeasurement, type StudyRun } from '../study/runs.ts';
import { turnOptions } from '../study/settings.ts';
import { firstTurn } from './early-stop.ts';

/** What the entropy over the likeliest tokens does in a run, and win probability beside it. */
export interface RunTurn {
  readonly run: StudyRun;
  /** Step of the highest win probability, a mean over three measurements. */
  readonly winPeak: number;
  /** How far win probability falls from that peak to the mean of the last three measurements. */
  readonly winFall: number;
  /** Step at which the entropy turned, once it had risen; undefined where it did not. */
  readonly entropyTurn: number | undefined;
  /** Measurements from the peak of win probability to the turn; below 0 where the entropy turns first. */
  readonly distance: number | undefined;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Win probability averaged with its neighbours: this reads curves afterwards, and may look ahead. */
export function smoothedWins(measurements: readonly GeneratedMeasurement[]): number[] {
  return measurements.map((_, i) =>
    mean(measurements.slice(Math.max(0, i - 1), i + 2).map((each) => each.winProbability)),
  );
}

/** Turning points of one run. */
export function runTurn(run: StudyRun): RunTurn {
  const { measurements } = run;
  const wins = smoothedWins(measurements);
  const peak = best([...wins.keys()], (i) => wins[i]!);
  const turn = firstTurn(run, turnOptions);
  const at = measurements.findIndex(({ step }) => step === turn?.step);
  return {
    run,
    winPeak: measurements[peak]!.step,
    winFall: wins[peak]! - mean(wins.slice(-3)),
    entropyTurn: turn?.step,
    distance: turn === undefined ? undefined : at - peak,
  };
}
