import type { GeneratedMeasurement, StudyRun } from '../study/runs.ts';
import { turnOptions } from '../study/settings.ts';
import { firstTurn } from './early-stop.ts';

/** What the entropy over the likeliest tokens does in a run, and win probability beside it. */
export interface RunTurn {
  readonly run: StudyRun;
  /** Step of the peak before win probability's deepest fall. */
  readonly winPeak: number;
  /** That fall: from a peak to the lowest value after it. */
  readonly winFall: number;
  /** How much of it has come back by the end. */
  readonly winRecovery: number;
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

/** The deepest fall of a series: where it begins and how deep it is, and what comes back by the end. */
export function deepestFall(values: readonly number[]) {
  let [highest, from, to] = [0, 0, 0];
  for (const [i, value] of values.entries()) {
    if (value > values[highest]!) highest = i;
    if (values[highest]! - value > values[from]! - values[to]!) [from, to] = [highest, i];
  }
  return { from, depth: values[from]! - values[to]!, recovery: values.at(-1)! - values[to]! };
}

/** Turning points of one run. */
export function runTurn(run: StudyRun): RunTurn {
  const { measurements } = run;
  const { from, depth, recovery } = deepestFall(smoothedWins(measurements));
  const turn = firstTurn(run, turnOptions);
  const at = measurements.findIndex(({ step }) => step === turn?.step);
  return {
    run,
    winPeak: measurements[from]!.step,
    winFall: depth,
    winRecovery: recovery,
    entropyTurn: turn?.step,
    distance: turn === undefined ? undefined : at - from,
  };
}
