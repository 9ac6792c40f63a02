import { runsOfArm, type StudyRun } from '../study/runs.ts';
import { accuracyCurve, completionsToReach } from './curves.ts';

/** How much sooner a run is where the conservative run of its seed ends. */
export interface Efficiency {
  readonly seed: number;
  /** Smoothed accuracy at the end of the conservative run. */
  readonly target: number;
  /** Completions until it is reached; undefined: never. */
  readonly conservative: number | undefined;
  readonly other: number | undefined;
  /** conservative / other; 0 where the other never gets there. */
  readonly ratio: number;
}

/** For every seed that has both runs. */
export function efficiencies(runs: readonly StudyRun[], armName: string): Efficiency[] {
  return runsOfArm(runs, armName).flatMap((run) => {
    const conservative = runsOfArm(runs, 'grpo-conservative').find(({ seed }) => seed === run.seed);
    if (conservative === undefined) return [];
    const target = accuracyCurve(conservative).at(-1)!.accuracy;
    const needed = completionsToReach(conservative, target);
    const other = completionsToReach(run, target);
    const ratio = needed === undefined || other === undefined || other === 0 ? 0 : needed / other;
    return [{ seed: run.seed, target, conservative: needed, other, ratio }];
  });
}
