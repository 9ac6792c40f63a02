import type { CellRecord } from '../../runner/cell.ts';
import type { Arm } from './arms.ts';
import type { Measurement } from './train-arm.ts';

/** What was measured of a policy on the generated task. */
export interface GeneratedMeasurement extends Measurement {
  readonly winProbability: number;
  readonly reward: number;
  readonly entropy: number;
  readonly entropyRenormalized: number;
  readonly mass: number;
  readonly diversity: number;
  readonly diversityPaper: number;
  readonly meanLength: number;
}

/** One training run of the study. */
export interface StudyRun {
  readonly arm: Arm;
  readonly seed: number;
  readonly measurements: readonly GeneratedMeasurement[];
  /** Completions of the first held-out prompts at each measurement. */
  readonly samples: readonly { readonly step: number; readonly sentences: readonly string[] }[];
  readonly prompts: readonly string[];
}

/** The runs among a task's cells. */
export const runsOf = (records: readonly CellRecord[], task: string): StudyRun[] =>
  records
    .filter((record) => record.task === task && record.arm !== 'base')
    .map(({ seed, settings, result }) => ({
      arm: (settings as unknown as { arm: Arm }).arm,
      seed,
      ...(result as unknown as Pick<StudyRun, 'measurements' | 'samples' | 'prompts'>),
    }));

/** What was found of a base model and its preferences. */
export interface BaseFindings {
  readonly seed: number;
  readonly heldOutLoss: number;
  readonly meanReward: number;
  readonly chosenReward: number;
  readonly rejectedReward: number;
  /** Characters. */
  readonly chosenLength: number;
  readonly rejectedLength: number;
  /** Share of the pairs with unequal rewards whose label the gold reward shares. */
  readonly labelsRight: number;
}

/** What was found of the generated task's base models, by seed. */
export const basesOf = (records: readonly CellRecord[]): BaseFindings[] =>
  records
    .filter(({ task, arm }) => task === 'generated' && arm === 'base')
    .map(({ seed, result }) => ({ ...(result as unknown as BaseFindings), seed }));

/** Measurements after the first step, every `every` steps. */
export const pointsOf = ({ measurements }: StudyRun, every: number): GeneratedMeasurement[] =>
  measurements.filter(({ step }) => step > 0 && step % every === 0);

/** The measurement with the most of something. @throws TypeError where there is none. */
export function best<Item>(items: readonly Item[], by: (item: Item) => number): Item {
  const [first, ...rest] = items;
  if (first === undefined) throw new TypeError('best: nothing to choose from');
  return rest.reduce((most, item) => (by(item) > by(most) ? item : most), first);
}
