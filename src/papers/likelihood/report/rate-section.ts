import { renderPanelsSvg } from '../../plots/panels-svg.ts';
import type { PageSection } from '../../runner/results-page.ts';
import { runTurn } from '../analysis/turns.ts';
import { armName } from '../study/arms.ts';
import type { GeneratedMeasurement, StudyRun } from '../study/runs.ts';
import type { ReportPlot } from './draw-plots.ts';
import { methodColour } from './plot-style.ts';
import { decimals } from './wording.ts';

/** The runs at a constant rate, with those that differ in nothing else. */
export function ratePairs(runs: readonly StudyRun[]): (readonly [StudyRun, StudyRun])[] {
  return runs
    .filter(({ arm }) => arm.rate === 'constant')
    .flatMap((constant) => {
      const { rate: _, ...arm } = constant.arm;
      const falling = runs.find(
        (run) => run.seed === constant.seed && armName(run.arm) === armName(arm),
      );
      return falling === undefined ? [] : [[constant, falling] as const];
    });
}

const measures: readonly (readonly [string, (each: GeneratedMeasurement) => number])[] = [
  ['win probability', ({ winProbability }) => winProbability],
  ['LLH better', ({ likelihoodChosen }) => likelihoodChosen],
  ['top-10 entropy, bits', ({ entropy }) => entropy],
];

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** A line per run. */
export const ratePlot = (pairs: readonly (readonly [StudyRun, StudyRun])[]): ReportPlot => ({
  file: 'rate.svg',
  title: 'With and without the fall of the learning rate',
  caption: 'A line per run. Full: constant rate; dashed: falling along a cosine.',
  svg: renderPanelsSvg({
    title: 'With and without the fall of the learning rate',
    columns: 3,
    panelHeight: 170,
    legend: [
      { name: 'DPO β 0.03', colour: methodColour.dpo, kind: 'line' },
      { name: 'Hinge α 0.03', colour: methodColour.hinge, kind: 'line' },
      { name: 'falling rate', colour: '#6b7785', kind: 'dash' },
    ],
    panels: measures.map(([title, of]) => ({
      title,
      xLabel: 'step',
      yLabel: title,
      lines: pairs.flatMap(([constant, falling]) =>
        [constant, falling].map((run) => ({
          points: run.measurements.map((each) => [each.step, of(each)] as const),
          colour: methodColour[run.arm.method],
          isDashed: run === falling,
          width: 1.8,
          opacity: run === falling ? 0.6 : 0.9,
        })),
      ),
    })),
  }),
});

/** What the fall of the rate has to do with the recovery of win probability. */
export function rateSection(pairs: readonly (readonly [StudyRun, StudyRun])[]): PageSection {
  const recovery = (some: readonly StudyRun[]) => {
    const turns = some.map(runTurn);
    const of = (pick: (turn: (typeof turns)[number]) => number) => decimals(mean(turns.map(pick)));
    return `falls by ${of(({ winFall }) => winFall)} and wins back ${of(({ winRecovery }) => winRecovery)}`;
  };
  const [constant, falling] = [pairs.map(([run]) => run), pairs.map(([, run]) => run)];
  return {
    heading: 'Why win probability comes back',
    blocks: [
      {
        text: `Weak holds lose win probability early and win part of it back while the learning rate falls to 0. The same ${pairs.length} runs with a constant rate (DPO β 0.03, Hinge α 0.03): win probability ${recovery(constant)} by the end; with the falling rate it ${recovery(falling)} (means over runs).`,
      },
    ],
  };
}
