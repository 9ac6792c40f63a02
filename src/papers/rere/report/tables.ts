import type { PageSection } from '../../runner/results-page.ts';
import { armTitles, goesOn, isRewardArm } from '../study/arms.ts';
import { type ArmResult, armsOf, at, keptAt, mean, of } from './results.ts';
import { percent, points, seedsOf, signed } from './wording.ts';

/** Leave-one-out, full ranking, as others report them on the same data; HR@5, NDCG@5, HR@10, NDCG@10. */
const onBeauty = [
  ['SASRec, as published', 0.0387, 0.0249, 0.0605, 0.0318],
  ['TIGER, as published', 0.0454, 0.0321, 0.0648, 0.0384],
] as const;
const published: Readonly<Record<string, readonly (readonly [string, ...number[]])[]>> = {
  beauty: onBeauty,
  'beauty-tokens': onBeauty,
  'beauty-wide': onBeauty,
};

const four = (value: number): string => value.toFixed(4);

/** Mean over seeds, with the least and the most. */
function over(values: readonly number[]): string {
  if (values.length === 1) return four(values[0]!);
  return `${four(mean(values))} (${four(Math.min(...values))} … ${four(Math.max(...values))})`;
}

const cutOffs = [5, 10] as const;

function rankingRow(results: readonly ArmResult[], arm: string): string[] {
  const own = of(results, arm);
  const measures = cutOffs.flatMap((k) => [
    over(own.map(({ test }) => at(test, k).hitRate)),
    over(own.map(({ test }) => at(test, k).ndcg)),
  ]);
  const measured = own.flatMap(({ valid: split }) => split ?? []);
  const valid = measured.length === 0 ? '' : over(measured.map((split) => at(split, 10).ndcg));
  return [armTitles[arm] ?? arm, ...measures, valid, seedsOf(own)];
}

function rankingTable(task: string, results: readonly ArmResult[]) {
  const quoted = (published[task] ?? []).map(([name, ...values]) => [
    name,
    ...values.map(four),
    '',
    '',
  ]);
  return {
    head: ['test', 'HR@5', 'NDCG@5', 'HR@10', 'NDCG@10', 'validation NDCG@10', ''],
    rows: [...armsOf(results).map((arm) => rankingRow(results, arm)), ...quoted],
  };
}

/** Every cut-off that was measured, mean over seeds. */
function allCutOffs(results: readonly ArmResult[]) {
  const ks = results[0]!.test.cutOffs.map(({ k }) => k);
  return {
    head: [
      'test',
      ...ks.map((k) => `HR@${k}`),
      ...ks.map((k) => `NDCG@${k}`),
      'coverage@10',
      'repetition@10',
    ],
    rows: armsOf(results).map((arm) => {
      const own = of(results, arm).map(({ test }) => test);
      const average = (k: number, measure: 'hitRate' | 'ndcg' | 'coverage' | 'repetition') =>
        mean(own.map((test) => keptAt(test, k)[measure]));
      return [
        armTitles[arm] ?? arm,
        ...ks.map((k) => four(average(k, 'hitRate'))),
        ...ks.map((k) => four(average(k, 'ndcg'))),
        points(average(10, 'coverage')),
        points(average(10, 'repetition')),
      ];
    }),
  };
}

/** What training by reward did, seed by seed. */
function rewardTable(results: readonly ArmResult[]) {
  const rows = results.filter(({ arm }) => goesOn(arm));
  const first = (series: readonly number[] | undefined) => {
    const values = series ?? [];
    return values.length === 0 ? '' : points(mean(values));
  };
  return {
    head: [
      'arm',
      'seed',
      'NDCG@10 over its start',
      'groups with a signal',
      'groups with the target',
      'distinct in a group',
      'seconds of training',
    ],
    rows: rows.map(({ arm, seed, overStart, groups, trainingSeconds, test }) => {
      const before = at(test, 10).ndcg - overStart!.mean;
      return [
        armTitles[arm] ?? arm,
        String(seed),
        `${signed(overStart!.mean)} ± ${overStart!.standardError.toFixed(4)} (${percent(overStart!.mean / before)})`,
        first(groups?.['signalRate']),
        first(groups?.['hitRate']),
        first(groups?.['groupDiversity']),
        String(trainingSeconds),
      ];
    }),
  };
}

function sizeText(results: readonly ArmResult[]): string {
  const start = of(results, 'supervised')[0];
  if (start === undefined) return 'The supervised start has not been computed yet.';
  const { users, sharedTargets, usersPerSecond } = start.test;
  return `${users} questions of the test, each target ranked among all items but those of the history, as in the code of the published SASRec figures (S³-Rec’s); of TIGER’s it is not known, so compare them with the last table, which keeps those; ${sharedTargets ?? 0} targets share their path with other items, which follow each other by popularity in training, then by place. The decoder has ${start.parameters} parameters, trained for ${start.trainingSeconds} s on one thread with seed ${start.seed}; it answered ${usersPerSecond} users a second. No list held anything that is not an item (${Math.max(...results.map(({ test }) => test.invalidRate))}).`;
}

const headings: Readonly<Record<string, string>> = {
  beauty: 'Amazon Beauty, semantic ids',
  'beauty-tokens': 'Amazon Beauty, a token for each item',
  'beauty-wide': 'Amazon Beauty, semantic ids, a start that knows less',
  scientific: 'Amazon Scientific, semantic ids',
  'scientific-titles': 'Amazon Scientific, titles',
  industrial: 'Amazon Industrial, semantic ids',
};

/** Everything measured on one task. */
export function taskSection(task: string, results: readonly ArmResult[]): PageSection {
  const hasReward = results.some(({ arm }) => isRewardArm(arm));
  return {
    heading: headings[task] ?? task,
    blocks: [
      { text: sizeText(results) },
      { table: rankingTable(task, results) },
      ...(hasReward
        ? [
            {
              text: 'What goes on from the start, seed by seed. The difference is taken question by question on the test; ± is its standard error. Shares are means over the steps of training.',
            },
            { table: rewardTable(results) },
          ]
        : []),
      { text: 'Items of the history kept in the lists, all cut-offs, mean over seeds:' },
      { table: allCutOffs(results) },
    ],
  };
}
