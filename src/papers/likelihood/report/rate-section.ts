import { renderPanelsSvg } from '../../plots/panels-svg.ts';
import type { PageSection } from '../../runner/results-page.ts';
import { methods } from '../analysis/correlations.ts';
import { atEnd, byIndicators, keptShare, type StoppingRule } from '../analysis/early-stop.ts';
import { runTurn } from '../analysis/turns.ts';
import { armName, methodNames } from '../study/arms.ts';
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

/** A measure through training, the mean over seeds. */
const meanLine = (
  runs: readonly StudyRun[],
  of: (each: GeneratedMeasurement) => number,
): (readonly [number, number])[] =>
  runs[0]!.measurements.map(({ step }, i) => [
    step,
    mean(runs.map(({ measurements }) => of(measurements[i]!))),
  ]);

/** Two lines per method: constant and falling. */
export function ratePlot(pairs: readonly (readonly [StudyRun, StudyRun])[]): ReportPlot {
  const used = methods.filter((method) => pairs.some(([{ arm }]) => arm.method === method));
  const linesOf = (of: (each: GeneratedMeasurement) => number) =>
    used.flatMap((method) => {
      const own = pairs.filter(([{ arm }]) => arm.method === method);
      const colour = methodColour[method];
      return [
        {
          points: meanLine(
            own.map(([constant]) => constant),
            of,
          ),
          colour,
        },
        {
          points: meanLine(
            own.map(([, falling]) => falling),
            of,
          ),
          colour,
          isDashed: true,
        },
      ];
    });
  return {
    file: 'rate.svg',
    title: 'With and without the fall of the learning rate',
    caption: 'Mean over seeds. Full: constant rate; dashed: falling along a cosine.',
    svg: renderPanelsSvg({
      title: 'With and without the fall of the learning rate',
      columns: 3,
      panelHeight: 170,
      legend: [
        ...used.map((method) => ({
          name: `${methodNames[method]}, weakest hold`,
          colour: methodColour[method],
          kind: 'line' as const,
        })),
        { name: 'falling rate', colour: '#6b7785', kind: 'dash' },
      ],
      panels: measures.map(([title, of]) => ({
        title,
        xLabel: 'step',
        yLabel: title,
        lines: linesOf(of),
      })),
    }),
  };
}

/** What the fall of the rate has to do with the recovery of win probability. */
export function rateSection(pairs: readonly (readonly [StudyRun, StudyRun])[]): PageSection {
  const recovery = (some: readonly StudyRun[]) => {
    const turns = some.map(runTurn);
    const of = (pick: (turn: (typeof turns)[number]) => number) => decimals(mean(turns.map(pick)));
    return `falls by ${of(({ winFall }) => winFall)} and wins back ${of(({ winRecovery }) => winRecovery)}`;
  };
  const kept = (some: readonly StudyRun[], rule: StoppingRule) =>
    `${decimals(100 * mean(some.map((run) => keptShare(run, rule))), 1)}%`;
  const [constant, falling] = [pairs.map(([run]) => run), pairs.map(([, run]) => run)];
  return {
    heading: 'Why win probability comes back',
    blocks: [
      {
        text: `Weak holds lose win probability early and win part of it back while the learning rate falls to 0. The same ${pairs.length} runs with a constant rate (DPO β 0.03, Hinge α 0.03): win probability ${recovery(constant)} by the end; with the falling rate it ${recovery(falling)} (means over runs). With the constant rate the end of training keeps ${kept(constant, atEnd)} of the best win probability and the checkpoint chosen by the indicators ${kept(constant, byIndicators)}; with the falling one ${kept(falling, atEnd)} and ${kept(falling, byIndicators)}.`,
      },
    ],
  };
}
