import { type CellPlan, cellName, type Json } from '../runner/cell.ts';
import type { CellContext, PlanOptions, Reproduction, StudyPlan } from '../runner/reproduction.ts';
import { reportLikelihood } from './report/report.ts';
import { type Arm, armName, generatedArms, realArms } from './study/arms.ts';
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

/** The base models of a task, a cell per seed, and its arms. */
function planTask(
  name: TaskName,
  task: TaskSettings,
  { arms, seeds }: { arms: readonly Arm[]; seeds: readonly number[] },
): { bases: CellPlan[]; arms: CellPlan[] } {
  const base = (seed: number): CellPlan => ({
    task: name,
    arm: 'base',
    seed,
    settings: asJson({ revision: REVISION, task }),
    needs: [],
    keepsFiles: true,
  });
  const cellOf = (arm: Arm, seed: number): CellPlan => ({
    task: name,
    arm: armName(arm),
    seed,
    settings: asJson({ revision: REVISION, task, arm }),
    needs: [cellName(base(seed))],
    keepsFiles: false,
  });
  return {
    bases: seeds.map(base),
    arms: arms.flatMap((arm) => seeds.map((seed) => cellOf(arm, seed))),
  };
}

function plan({ isQuick, data, seeds = isQuick ? [0] : [0, 1, 2] }: PlanOptions): StudyPlan {
  const written = planTask('generated', isQuick ? quickGenerated : generated, {
    arms: isQuick ? quickArms : generatedArms,
    seeds,
  });
  const dialogues = planTask('real', isQuick ? quickReal : real, { arms: realArms, seeds });
  const hasData = dialoguesFile(data) !== undefined;
  return {
    cells: [
      ...written.bases,
      ...written.arms.filter(isPlain),
      ...(hasData ? [...dialogues.bases, ...dialogues.arms] : []),
      ...written.arms.filter((cell) => !isPlain(cell)),
    ],
    notes: hasData
      ? []
      : ['The part on human preferences is left out: no hh-rlhf in the folder of data (--data).'],
  };
}

/** Without a likelihood term. */
const isPlain = ({ arm }: CellPlan): boolean => !arm.includes('nll');

/** Two strengths of each method, and NLL once. */
const quickArms: readonly Arm[] = generatedArms.filter(
  ({ strength, nll }) => (nll === 0 && strength < 0.5) || nll === 0.03,
);

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
