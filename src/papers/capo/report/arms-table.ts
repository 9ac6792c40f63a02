import type { PageSection } from '../../runner/results-page.ts';
import {
  deepestFall,
  finalAccuracy,
  hasCollapsed,
  mean,
  partsOf,
  peakAccuracy,
  startAccuracy,
} from '../analysis/curves.ts';
import { efficiencies } from '../analysis/efficiency.ts';
import { runsOfArm, type StudyRun } from '../study/runs.ts';
import { armNames, decimals, nameOf, percent } from './wording.ts';

const meanAndRange = (values: readonly number[]): string =>
  values.length === 1
    ? decimals(values[0]!)
    : `${decimals(mean(values))} (${decimals(Math.min(...values))}–${decimals(Math.max(...values))})`;

function efficiencyText(runs: readonly StudyRun[], arm: string): string {
  const found = efficiencies(runs, arm);
  if (found.length === 0) return '–';
  const reached = found.filter(({ other }) => other !== undefined);
  const times = reached.map(({ ratio }) => ratio);
  return `${reached.length} of ${found.length}${times.length === 0 ? '' : `; ${meanAndRange(times)} times sooner`}`;
}

function armRow(all: readonly StudyRun[], arm: string): string[] {
  const runs = runsOfArm(all, arm);
  return [
    nameOf(arm),
    String(runs.length),
    meanAndRange(runs.map(startAccuracy)),
    meanAndRange(runs.map(peakAccuracy)),
    meanAndRange(runs.map(finalAccuracy)),
    meanAndRange(runs.map((run) => run.heldOut.at(-1)!.accuracy)),
    decimals(Math.max(...runs.map(deepestFall))),
    `${runs.filter(hasCollapsed).length} of ${runs.length}`,
    efficiencyText(all, arm),
    percent(mean(runs.flatMap((run) => run.steps.map(({ rejected }) => rejected))), 1),
  ];
}

/** A row per arm of a task, as far as its cells exist. */
export function armsSection(heading: string, runs: readonly StudyRun[]): PageSection {
  const order = [...Object.keys(armNames), ...runs.map(({ arm }) => arm.name)];
  const arms = [...new Set(order)].filter((name) => runsOfArm(runs, name).length > 0);
  return {
    heading,
    blocks: [
      {
        table: {
          head: [
            'arm',
            'runs',
            'start',
            'peak',
            'end',
            'end, held out',
            'deepest fall',
            'collapsed',
            'reached the end of the conservative run',
            'rejected',
          ],
          rows: arms.map((arm) => armRow(runs, arm)),
        },
      },
      {
        text: 'Accuracy is the share of right answers among the completions that were trained on, sampled at temperature 1; means over seeds, range in brackets. *Peak* and *deepest fall* are read off the smoothed curve, *end* is the last three parts of as many completions as a conservative step. A run counts as *collapsed* when it ends 0.1 below its start or below half of its peak.',
      },
    ],
  };
}

/** Share of tokens left out: in the first fifth of a run's parts, at most in any, and in the last fifth. */
export function rejectionOf(run: StudyRun): { early: number; most: number; late: number } {
  const values = partsOf(run, ({ rejected }) => rejected).map(({ value }) => value);
  const fifth = Math.max(1, Math.floor(values.length / 5));
  return {
    early: mean(values.slice(0, fifth)),
    most: Math.max(...values),
    late: mean(values.slice(-fifth)),
  };
}
