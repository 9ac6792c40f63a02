import { type CellPlan, cellName, type Json } from '../runner/cell.ts';
import type { CellContext, PlanOptions, Reproduction, StudyPlan } from '../runner/reproduction.ts';
import { reportLikelihood } from './report/report.ts';
import { type Arm, armName, constantRateArms, nllArms, plainArms, realArms } from './study/arms.ts';
import { dialoguesFile } from './study/dialogues.ts';
import { computeGeneratedArm } from './study/generated-arm.ts';
import { computeGeneratedBase } from './study/generated-base.ts';
import { computeRealArm, computeRealBase } from './study/real.ts';
import {
  generated,
  quickGenerated,
  quickReal,
  type RealSettings,
  real,
  type TaskSettings,
} from './study/settings.ts';

/** Raised when the code changes what a cell finds. */
const REVISION = 1;

type TaskName = 'generated' | 'real';

interface CellSettings {
  readonly revision: number;
  readonly task: TaskSettings | RealSettings;
  /** Left out of the cell that trains the base model. */
  readonly arm?: Arm;
}

const asJson = (settings: CellSettings): Json => JSON.parse(JSON.stringify(settings)) as Json;

interface TaskPlan {
  readonly name: TaskName;
  readonly task: TaskSettings;
  readonly seed: number;
}

/** The cell that trains a seed's base model. */
const baseCell = ({ name, task, seed }: TaskPlan): CellPlan => ({
  task: name,
  arm: 'base',
  seed,
  settings: asJson({ revision: REVISION, task }),
  needs: [],
  keepsFiles: true,
});

/** The cells that train arms from it. */
const armCells = (plan: TaskPlan, arms: readonly Arm[]): CellPlan[] =>
  arms.map((arm) => ({
    task: plan.name,
    arm: armName(arm),
    seed: plan.seed,
    settings: asJson({ revision: REVISION, task: plan.task, arm }),
    needs: [cellName(baseCell(plan))],
    keepsFiles: false,
  }));

/** Everything of one seed, the most telling first. */
function seedCells(seed: number, { isQuick, hasData }: { isQuick: boolean; hasData: boolean }) {
  const written = { name: 'generated', task: isQuick ? quickGenerated : generated, seed } as const;
  const dialogues = { name: 'real', task: isQuick ? quickReal : real, seed } as const;
  return [
    baseCell(written),
    ...armCells(written, isQuick ? plainArms.slice(0, 6) : plainArms),
    ...armCells(written, isQuick ? [] : constantRateArms),
    ...(hasData ? [baseCell(dialogues), ...armCells(dialogues, realArms)] : []),
    ...armCells(written, nllArms.slice(0, FIRST_NLL)),
  ];
}

/** Likelihood terms that each seed has from the start; the rest of the grid comes when every seed has those. */
const FIRST_NLL = 4;

const restOfGrid = (seed: number): CellPlan[] =>
  armCells({ name: 'generated', task: generated, seed }, nllArms.slice(FIRST_NLL));

/** Seed after seed, so that what there is at any time is whole for as many seeds as possible. */
function plan({ isQuick, data, seeds = isQuick ? [0] : [0, 1, 2] }: PlanOptions): StudyPlan {
  const hasData = dialoguesFile(data) !== undefined;
  return {
    cells: [
      ...seeds.flatMap((seed) => seedCells(seed, { isQuick, hasData })),
      ...(isQuick ? [] : seeds.flatMap(restOfGrid)),
    ],
    notes: hasData
      ? []
      : ['The part on human preferences is left out: no hh-rlhf in the folder of data (--data).'],
  };
}

function compute(cell: CellPlan, context: CellContext): Promise<Json> {
  const { task, arm } = cell.settings as unknown as CellSettings;
  const { seed } = cell;
  const isReal = cell.task === 'real';
  if (arm === undefined) {
    return isReal
      ? computeRealBase(task as RealSettings, seed, context)
      : computeGeneratedBase(task, seed, context);
  }
  const base = context.neededFolders.get(cell.needs[0]!)!;
  return isReal
    ? computeRealArm(arm, task as RealSettings, { seed, base, context })
    : computeGeneratedArm(arm, task, { seed, base, context });
}

/** Shi et al. 2024, arXiv:2410.11677: likelihood over-optimisation in DPO, IPO and hinge training. */
export const likelihoodReproduction: Reproduction = {
  paper: 'likelihood',
  title: 'Likelihood over-optimisation in direct alignment, reproduced',
  plan,
  compute,
  report: reportLikelihood,
};
