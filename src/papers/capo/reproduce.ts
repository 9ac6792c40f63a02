import { type CellPlan, cellName, type Json } from '../runner/cell.ts';
import type { CellContext, PlanOptions, Reproduction, StudyPlan } from '../runner/reproduction.ts';
import { reportCapo } from './report/report.ts';
import {
  type Arm,
  baselineArms,
  completionArms,
  coreArms,
  headArms,
  manyTokenArms,
  tuningArms,
  variantArms,
} from './study/arms.ts';
import { type ControlledCase, computeControlled } from './study/controlled.ts';
import {
  chosenChanges,
  countdown,
  quickCountdown,
  quickSums,
  sums,
  type TaskSettings,
  tuningChanges,
  tuningSeeds,
} from './study/settings.ts';
import { computeStart } from './study/start.ts';
import { computeArm } from './study/train-arm.ts';

/** Raised when the code changes what a cell finds. */
const REVISION = 1;

interface CellSettings {
  readonly revision: number;
  readonly task: TaskSettings;
  /** One of both; neither in the cell that supervises the start. */
  readonly arm?: Arm;
  readonly controlled?: ControlledCase;
}

const asJson = (settings: Omit<CellSettings, 'revision'>): Json =>
  JSON.parse(JSON.stringify({ revision: REVISION, ...settings })) as Json;

/** A task with a seed. */
interface Place {
  readonly name: 'sums' | 'countdown';
  readonly settings: TaskSettings;
  readonly seed: number;
}

const startCell = ({ name, settings, seed }: Place): CellPlan => ({
  task: name,
  arm: 'start',
  seed,
  settings: asJson({ task: settings }),
  needs: [],
  keepsFiles: true,
});

const cellFrom = (
  place: Place,
  arm: string,
  what: Pick<CellSettings, 'arm' | 'controlled'>,
): CellPlan => ({
  task: place.name,
  arm,
  seed: place.seed,
  settings: asJson({ task: place.settings, ...what }),
  needs: [cellName(startCell(place))],
  keepsFiles: false,
});

const armCells = (place: Place, arms: readonly Arm[]): CellPlan[] =>
  arms.map((arm) => cellFrom(place, arm.name, { arm }));

const controlledCases: readonly ControlledCase[] = [
  { trains: 'head', regime: 'aggressive' },
  { trains: 'all', regime: 'aggressive' },
  { trains: 'head', regime: 'conservative' },
  { trains: 'all', regime: 'conservative' },
];

const controlledCells = (place: Place): CellPlan[] =>
  controlledCases.map((controlled) =>
    cellFrom(place, `controlled-${controlled.trains}-${controlled.regime}`, { controlled }),
  );

/** The most telling first: what the claim is about, for every seed; then why; then all that stands beside it. */
function plan({ isQuick, seeds = isQuick ? [0] : [0, 1, 2, 3, 4] }: PlanOptions): StudyPlan {
  const [first, second] = isQuick ? [quickSums, quickCountdown] : [sums, countdown];
  const onSums = seeds.map((seed): Place => ({ name: 'sums', settings: first, seed }));
  const onCountdown = seeds.map((seed): Place => ({ name: 'countdown', settings: second, seed }));
  const tuned = isQuick
    ? []
    : tuningSeeds.map((seed): Place => ({ name: 'sums', settings: first, seed }));
  return {
    cells: [
      ...onSums.flatMap((place) => [startCell(place), ...armCells(place, coreArms(chosenChanges))]),
      ...onSums.flatMap(controlledCells),
      ...onSums.flatMap((place) => armCells(place, completionArms(chosenChanges))),
      ...onSums.flatMap((place) => armCells(place, variantArms(chosenChanges))),
      ...(isQuick ? [] : onSums.flatMap((place) => armCells(place, manyTokenArms(chosenChanges)))),
      ...onCountdown.flatMap((place) => [
        startCell(place),
        ...armCells(place, coreArms(chosenChanges)),
      ]),
      ...tuned.flatMap((place) => [
        startCell(place),
        ...armCells(place, tuningArms(tuningChanges)),
      ]),
      ...onSums.flatMap((place) => armCells(place, baselineArms)),
      ...onSums.flatMap((place) => armCells(place, headArms(chosenChanges))),
      ...onCountdown.flatMap((place) => [
        ...armCells(place, variantArms(chosenChanges)),
        ...armCells(place, baselineArms),
      ]),
    ],
    notes: isQuick
      ? []
      : [
          `Seeds ${tuningSeeds.join(' and ')} are those that bounds were chosen on; no result is read from them.`,
        ],
  };
}

function compute(cell: CellPlan, context: CellContext): Promise<Json> {
  const { task, arm, controlled } = cell.settings as unknown as CellSettings;
  const { seed } = cell;
  const start = context.neededFolders.get(cell.needs[0] ?? '');
  if (start === undefined) return computeStart(task, seed, context);
  return arm === undefined
    ? computeControlled(controlled!, task, { seed, start, context })
    : computeArm(arm, task, { seed, start, context });
}

/** Melo et al. 2025, arXiv:2510.00819: whether leaving out tokens keeps aggressive updates from collapsing. */
export const capoReproduction: Reproduction = {
  paper: 'capo',
  title: 'CAPO: curvature-aware policy optimisation, reproduced',
  plan,
  compute,
  report: reportCapo,
};
