import { type CellPlan, cellName, type Json } from '../runner/cell.ts';
import type { CellContext, PlanOptions, Reproduction, StudyPlan } from '../runner/reproduction.ts';
import { reportRere } from './report/report.ts';
import {
  asksSasrec,
  goesOn,
  learnsNew,
  type RewardArm,
  SDPO,
  SUPERVISED_NEW,
} from './study/arms.ts';
import { computePopularity, computeSasrec } from './study/baseline-cells.ts';
import { computeRewardArm } from './study/reward-cell.ts';
import { computeSdpo } from './study/sdpo-cell.ts';
import {
  beauty,
  beautyTokens,
  beautyWide,
  industrial,
  quick,
  scientific,
  scientificTitles,
  type TaskSettings,
} from './study/settings.ts';
import { computeSupervised, computeSupervisedNew, toJson } from './study/supervised-cell.ts';
import { datasetFolder } from './study/task-data.ts';

/** Raised when the code changes what a cell finds by more than other random numbers. */
const REVISION = 1;

/** The tasks by name, the one that is compared with published numbers first. */
const tasks = {
  beauty,
  'beauty-tokens': beautyTokens,
  'beauty-wide': beautyWide,
  scientific,
  industrial,
  'scientific-titles': scientificTitles,
} as const satisfies Readonly<Record<string, TaskSettings>>;

type TaskName = keyof typeof tasks;

/** The settings that an arm's cell depends on. */
function settingsOf(task: TaskSettings, arm: string): Json {
  const { supervised, reward, newQuestions, collaborative, sasrec, sdpo, ...shared } = task;
  if (arm === 'popularity') return toJson({ revision: REVISION, ...shared });
  if (arm === 'sasrec') return toJson({ revision: REVISION, ...shared, sasrec });
  if (arm === SDPO) return toJson({ revision: REVISION, ...shared, supervised, sdpo });
  if (arm === 'supervised') return toJson({ revision: REVISION, ...shared, supervised });
  const own = {
    ...(learnsNew(arm) && { newQuestions }),
    ...(asksSasrec(arm) && { collaborative }),
  };
  return toJson({ revision: REVISION, ...shared, supervised, reward, ...own });
}

interface CellChoice {
  readonly name: TaskName;
  readonly task: TaskSettings;
  readonly seed: number;
}

function cell({ name, task, seed }: CellChoice, arm: string): CellPlan {
  const needed = [...(goesOn(arm) ? ['supervised'] : []), ...(asksSasrec(arm) ? ['sasrec'] : [])];
  return {
    task: name,
    arm,
    seed,
    settings: settingsOf(task, arm),
    needs: needed.map((other) => cellName({ task: name, arm: other, seed })),
    keepsFiles: arm === 'supervised' || arm === 'sasrec',
  };
}

const languageArms = ['supervised', 'rere', 'grpo-beam', 'grpo-iid', SDPO] as const;

const coreArms = [...languageArms, 'sasrec'] as const;

/** Whether what helps is what is learned or how. */
const newArms = ['rere-new', SUPERVISED_NEW] as const;

/** What a task shows besides the core arms, with its first seed. */
const furtherArms: Readonly<Record<TaskName, readonly string[]>> = {
  beauty: ['popularity', 'rere-dynamic', 'rere-target'],
  'beauty-tokens': [],
  'beauty-wide': [],
  scientific: ['popularity', 'semantic-reward'],
  industrial: ['popularity'],
  'scientific-titles': ['supervised', 'rere'],
};

/** Arms of a task with every seed, without the classic ones where another task measures the same items. */
function armsOf(name: TaskName): readonly string[] {
  if (name === 'scientific-titles') return [];
  if (name === 'beauty-tokens') return ['supervised', 'rere'];
  if (name === 'beauty-wide') return [...languageArms, ...newArms];
  if (name === 'industrial') return coreArms;
  return [...coreArms, 'collaborative-reward', ...newArms];
}

/** Beauty whole, seed after seed; then the others, one seed each before any has three. */
function fullPlan(names: readonly TaskName[], seeds: readonly number[]): CellPlan[] {
  const of = (name: TaskName, seed: number) =>
    armsOf(name).map((arm) => cell({ name, task: tasks[name], seed }, arm));
  const further = (name: TaskName) =>
    furtherArms[name].map((arm) => cell({ name, task: tasks[name], seed: seeds[0]! }, arm));
  const [first, ...others] = names;
  if (first === undefined) return [];
  return [
    ...seeds.flatMap((seed) => of(first, seed)),
    ...further(first),
    ...others.flatMap((name) => [...of(name, seeds[0]!), ...further(name)]),
    ...seeds.slice(1).flatMap((seed) => others.flatMap((name) => of(name, seed))),
  ];
}

const quickPlan = (name: TaskName, seed: number): CellPlan[] =>
  ['popularity', ...armsOf(name)].map((arm) => cell({ name, task: quick(tasks[name]), seed }, arm));

function plan({ isQuick, data, seeds = isQuick ? [0] : [0, 1, 2] }: PlanOptions): StudyPlan {
  const names = Object.keys(tasks) as TaskName[];
  const there = names.filter((name) => datasetFolder(data, tasks[name].dataset) !== undefined);
  const missing = names.filter((name) => !there.includes(name));
  return {
    cells: isQuick
      ? there.slice(0, 1).flatMap((name) => seeds.flatMap((seed) => quickPlan(name, seed)))
      : fullPlan(there, seeds),
    notes: missing.map(
      (name) => `The task ${name} is left out: no ${tasks[name].dataset} in the data (--data).`,
    ),
  };
}

function compute({ task: name, arm, seed, settings, needs }: CellPlan, context: CellContext) {
  const task = { ...tasks[name as TaskName], ...(settings as unknown as TaskSettings) };
  if (arm === 'popularity') return computePopularity(task, context);
  if (arm === 'sasrec') return computeSasrec(task, seed, context);
  if (arm === 'supervised') return computeSupervised(task, seed, context);
  const [start, scorer] = needs.map((need) => context.neededFolders.get(need)!) as [
    string,
    string?,
  ];
  if (arm === SUPERVISED_NEW) return computeSupervisedNew(task, { seed, start, context });
  if (arm === SDPO) return computeSdpo(task, { seed, start, context });
  return computeRewardArm(task, { arm: arm as RewardArm, seed, start, scorer, context });
}

/** Tan et al. 2025, arXiv:2510.12211: reinforced preference optimisation for recommendation. */
export const rereReproduction: Reproduction = {
  paper: 'rere',
  title: 'Reinforced preference optimisation for recommendation, reproduced',
  plan,
  compute,
  report: reportRere,
};
