import type { CellRecord } from '../../runner/cell.ts';
import type { Arm } from './arms.ts';
import type { TaskSettings } from './settings.ts';
import { tuningSeeds } from './settings.ts';
import type { StepPoint } from './train-arm.ts';

/** One practice run of the study. */
export interface StudyRun {
  readonly arm: Arm;
  readonly seed: number;
  readonly settings: TaskSettings;
  readonly steps: readonly StepPoint[];
  /** Accuracy on held-out problems, first before the first step. */
  readonly heldOut: readonly { readonly completions: number; readonly accuracy: number }[];
}

const armOf = ({ settings }: CellRecord): Arm | undefined =>
  (settings as unknown as { arm?: Arm }).arm;

const isTuned = ({ seed }: CellRecord): boolean => tuningSeeds.includes(seed);

const toRun = (record: CellRecord): StudyRun => ({
  arm: armOf(record)!,
  seed: record.seed,
  settings: (record.settings as unknown as { task: TaskSettings }).task,
  ...(record.result as unknown as Pick<StudyRun, 'steps' | 'heldOut'>),
});

/** The runs on a task; those on the tuning seeds apart. */
export const runsOf = (
  records: readonly CellRecord[],
  task: string,
  seeds: 'reported' | 'tuning' = 'reported',
): StudyRun[] =>
  records
    .filter((record) => record.task === task && armOf(record) !== undefined)
    .filter((record) => isTuned(record) === (seeds === 'tuning'))
    .map(toRun);

export const runsOfArm = (runs: readonly StudyRun[], name: string): StudyRun[] =>
  runs.filter(({ arm }) => arm.name === name);

/** What supervision left in each start of a task. */
export const startsOf = (records: readonly CellRecord[], task: string) =>
  records
    .filter((record) => record.task === task && record.arm === 'start')
    .map(({ seed, result }) => ({
      seed,
      ...(result as unknown as { steps: number; accuracy: number }),
    }));
