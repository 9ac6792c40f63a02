import { colour } from '../../../runs/svg-parts.ts';
import { type IntervalRow, renderIntervalSvg } from '../../plots/interval-svg.ts';
import { type Line, renderPanelsSvg } from '../../plots/panels-svg.ts';
import type { StudyReport } from '../../runner/reproduction.ts';
import { armTitles, goesOn, isRewardArm, learnsNew } from '../study/arms.ts';
import { type ArmResult, armsOf, at, mean, of } from './results.ts';

type ReportPlot = StudyReport['plots'][number];

/** Colours of the reward-trained arms of a task, apart from each other as far as there are colours. */
function colours(results: readonly ArmResult[]): (arm: string) => string {
  const shown = rewardArmsOf(results);
  return (arm) => (isRewardArm(arm) ? colour(shown.indexOf(arm)) : '#7b8794');
}

/** NDCG@10 of every arm, a dot per seed. */
function ndcgSvg(results: readonly ArmResult[]): string {
  const colourOf = colours(results);
  const rows: IntervalRow[] = armsOf(results).map((arm) => {
    const single = of(results, arm).map(({ test }) => at(test, 10).ndcg);
    return {
      name: armTitles[arm] ?? arm,
      value: mean(single),
      low: Math.min(...single),
      high: Math.max(...single),
      colour: colourOf(arm),
      single,
    };
  });
  const values = rows.flatMap(({ single = [] }) => single);
  return renderIntervalSvg({
    title: 'NDCG@10 on the test, full ranking',
    xLabel: 'mean over seeds, with the least and the most',
    rows,
    xRange: [0, Math.max(...values) * 1.1],
  });
}

/** Mean over the seeds at each place; as long as the shortest. */
function average(series: readonly (readonly number[])[]): number[] {
  const length = Math.min(...series.map((values) => values.length));
  return Array.from({ length }, (_, i) => mean(series.map((values) => values[i]!)));
}

/** Means over neighbours, so that a line can be read. */
const smooth = (values: readonly number[], width = 10): number[] =>
  values.map((_, i) => mean(values.slice(Math.max(0, i - width + 1), i + 1)));

const legendOf = (arms: readonly string[], colourOf: (arm: string) => string) =>
  arms.map((arm) => ({
    name: armTitles[arm] ?? arm,
    colour: colourOf(arm),
    kind: 'line' as const,
  }));

const rewardArmsOf = (results: readonly ArmResult[]): string[] =>
  armsOf(results).filter(isRewardArm);

const groupPanels = [
  ['signalRate', 'Groups whose rewards differ'],
  ['hitRate', 'Groups that hold the target'],
  ['groupDiversity', 'Distinct in a group'],
] as const;

/** What groups were like through training. */
function groupsSvg(results: readonly ArmResult[]): string {
  const arms = rewardArmsOf(results);
  const colourOf = colours(results);
  return renderPanelsSvg({
    title: 'Groups through training',
    columns: 3,
    legend: legendOf(arms, colourOf),
    panels: groupPanels.map(([key, title]) => ({
      title,
      xLabel: 'step',
      yLabel: 'share',
      yRange: [0, 1] as const,
      lines: arms.map((arm): Line => {
        const series = of(results, arm).map(({ groups }) => groups?.[key] ?? []);
        return {
          colour: colourOf(arm),
          points: smooth(average(series)).map((value, i) => [i + 1, value] as const),
        };
      }),
    })),
  });
}

/** What going on from the start adds to NDCG@10 on the test, question by question: 95% of a normal around the mean. */
function gainSvg(results: readonly ArmResult[]): string {
  const colourOf = colours(results);
  const rows = armsOf(results)
    .filter(goesOn)
    .map((arm): IntervalRow => {
      const gains = of(results, arm).map(({ overStart }) => overStart!);
      const value = mean(gains.map((gain) => gain.mean));
      const error = Math.hypot(...gains.map(({ standardError }) => standardError)) / gains.length;
      return {
        name: armTitles[arm] ?? arm,
        value,
        low: value - 1.96 * error,
        high: value + 1.96 * error,
        colour: colourOf(arm),
        single: gains.map((gain) => gain.mean),
      };
    });
  const ends = rows.flatMap(({ low, high, single = [] }) => [low, high, ...single]);
  const margin = 1.1 * Math.max(...ends.map(Math.abs));
  return renderIntervalSvg({
    title: 'NDCG@10 over the supervised start, test',
    xLabel: 'difference, mean over questions and seeds',
    rows,
    xRange: [-margin, margin],
    reference: { x: 0, label: 'start' },
  });
}

/** Validation through training by reward, each run over its own start. */
function curvesSvg(results: readonly ArmResult[]): string {
  const arms = rewardArmsOf(results).filter((arm) => !learnsNew(arm));
  const colourOf = colours(results);
  const panel = (title: string, measure: 'ndcg' | 'hitRate') => ({
    title,
    xLabel: 'step',
    // The title says it, and the numbers are long.
    yLabel: '',
    lines: arms.map((arm): Line => {
      const curves = of(results, arm).map(({ curve = [] }) => curve);
      const gains = (curve: (typeof curves)[number]) =>
        curve.map((point) => point[measure] - curve[0]![measure]);
      const values = average(curves.map(gains));
      return {
        colour: colourOf(arm),
        points: values.map((value, i) => [curves[0]![i]!.step, value] as const),
      };
    }),
  });
  return renderPanelsSvg({
    title: 'Validation through training by reward',
    columns: 2,
    legend: legendOf(arms, colourOf),
    panels: [panel('NDCG@10 over the start', 'ndcg'), panel('HR@10 over the start', 'hitRate')],
  });
}

/** The plots of a task. */
export function plotsOf(results: readonly ArmResult[]): ReportPlot[] {
  if (results.length === 0) return [];
  const ranked: ReportPlot = {
    file: 'ndcg.svg',
    title: 'NDCG@10 on the test',
    caption: 'A dot per seed; the bar reaches from the least to the most.',
    svg: ndcgSvg(results),
  };
  if (rewardArmsOf(results).length === 0) return [ranked];
  return [
    ranked,
    {
      file: 'gain.svg',
      title: 'NDCG@10 over the supervised start',
      caption:
        'A small dot per seed; the bar is a 95% interval over the questions of the test, seeds taken as they are.',
      svg: gainSvg(results),
    },
    {
      file: 'curves.svg',
      title: 'Validation through training by reward',
      caption: 'Mean over seeds, each over its own supervised start at step 0.',
      svg: curvesSvg(results),
    },
    {
      file: 'groups.svg',
      title: 'Groups through training',
      caption: 'Mean over seeds and the ten steps before.',
      svg: groupsSvg(results),
    },
  ];
}
