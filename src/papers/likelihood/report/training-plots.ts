import { colour } from '../../../runs/svg-parts.ts';
import { sequentialColour } from '../../plots/colour-scale.ts';
import { type IntervalRow, renderIntervalSvg } from '../../plots/interval-svg.ts';
import { type Line, type Panel, renderPanelsSvg } from '../../plots/panels-svg.ts';
import { methods, ofMethod } from '../analysis/correlations.ts';
import type { MassFall } from '../analysis/mass.ts';
import type { RunTurn } from '../analysis/turns.ts';
import { methodNames } from '../study/arms.ts';
import type { GeneratedMeasurement, StudyRun } from '../study/runs.ts';
import { methodColour, methodLegend } from './plot-style.ts';

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** A measure by step, the mean over seeds, a line per strength: dark is strong regularisation. */
function strengthLines(
  runs: readonly StudyRun[],
  of: (measurement: GeneratedMeasurement) => number,
): Line[] {
  const strengths = [...new Set(runs.map(({ arm }) => arm.strength))].sort((a, b) => a - b);
  return strengths.map((strength, i) => {
    const own = runs.filter(({ arm }) => arm.strength === strength);
    const steps = own[0]!.measurements.map(({ step }) => step);
    return {
      colour: sequentialColour(0.85 * (1 - i / Math.max(strengths.length - 1, 1))),
      points: steps.map((step) => {
        const at = own.flatMap(({ measurements }) =>
          measurements.filter((each) => each.step === step).map(of),
        );
        return [step, mean(at)] as const;
      }),
    };
  });
}

/** Panels of measures, a row each, with a column per method. */
function gridOfMethods(
  runs: readonly StudyRun[],
  rows: readonly (readonly [label: string, of: (each: GeneratedMeasurement) => number])[],
): Panel[] {
  return rows.flatMap(([label, of]) =>
    methods
      .filter((method) => ofMethod(runs, method).length > 0)
      .map((method) => ({
        title: methodNames[method],
        xLabel: 'step',
        yLabel: label,
        lines: strengthLines(ofMethod(runs, method), of),
      })),
  );
}

/** Methods that have runs: as many columns. */
const columnsOf = (runs: readonly StudyRun[]): number =>
  methods.filter((method) => ofMethod(runs, method).length > 0).length;

const strengthLegend = (runs: readonly StudyRun[]) =>
  methods
    .map((method) => ({ method, own: ofMethod(runs, method) }))
    .filter(({ own }) => own.length > 0)
    .map(({ method, own }) => {
      const strengths = [...new Set(own.map(({ arm }) => arm.strength))].sort((a, b) => a - b);
      return `${methodNames[method]} ${strengths.join(', ')}`;
    })
    .join('; ');

/** Win probability, likelihood and both indicators through training. */
export const indicatorsSvg = (runs: readonly StudyRun[]): string =>
  renderPanelsSvg({
    title: 'Through training: win probability, likelihood, both indicators',
    columns: columnsOf(runs),
    panelHeight: 150,
    legend: [
      { name: 'weakest hold to the reference', colour: sequentialColour(0.85), kind: 'line' },
      { name: `strongest; ${strengthLegend(runs)}`, colour: sequentialColour(0), kind: 'line' },
    ],
    panels: gridOfMethods(runs, [
      ['win probability', ({ winProbability }) => winProbability],
      ['LLH better', ({ likelihoodChosen }) => likelihoodChosen],
      ['top-10 entropy, bits', ({ entropy }) => entropy],
      ['top-10 mass', ({ mass }) => mass],
    ]),
  });

/** Likelihoods, accuracy and indicators on human preferences. */
export const realSvg = (runs: readonly StudyRun[]): string =>
  renderPanelsSvg({
    title: 'Human preferences: likelihoods and indicators through training',
    columns: columnsOf(runs),
    panelHeight: 140,
    panels: gridOfMethods(runs, [
      ['LLH better', ({ likelihoodChosen }) => likelihoodChosen],
      ['LLH better − worse', (each) => each.likelihoodChosen - each.likelihoodRejected],
      // Before the first step policy and reference rank nothing.
      ['accuracy', ({ step, accuracy }) => (step === 0 ? Number.NaN : accuracy)],
      ['top-10 entropy, bits', ({ entropy }) => entropy],
      ['top-10 mass', ({ mass }) => mass],
    ]),
  });

/** Where the entropy turns against where win probability peaks. */
export function turnsSvg(turns: readonly RunTurn[]): string {
  const seen = turns.filter(({ entropyTurn }) => entropyTurn !== undefined);
  const last = Math.max(1, ...turns.map(({ run }) => run.measurements.at(-1)!.step));
  return renderPanelsSvg({
    title: 'Where the entropy turns and where win probability peaks',
    columns: 1,
    panelHeight: 320,
    legend: [...methodLegend, { name: 'both at one step', colour: '#6b7785', kind: 'dash' }],
    panels: [
      {
        title: 'A dot per run in which the entropy rose and then fell',
        xLabel: 'step of the highest win probability',
        yLabel: 'step of the turn',
        xRange: [0, last],
        yRange: [0, last],
        lines: [
          {
            points: [
              [0, 0],
              [last, last],
            ],
            colour: '#6b7785',
            isDashed: true,
            width: 1.5,
          },
        ],
        dots: seen.map(({ run, winPeak, entropyTurn }, i) => ({
          // Runs share steps: a small shift shows them all.
          x: winPeak + ((i % 5) - 2) * 0.6,
          y: entropyTurn!,
          colour: methodColour[run.arm.method],
          radius: 4,
          opacity: 0.6,
        })),
      },
    ],
  });
}

/** How far the mass of the likeliest tokens falls, by groups of runs. */
export function massSvg(falls: readonly MassFall[]): string {
  const high = Math.max(...falls.map(({ interval }) => interval.high));
  return renderIntervalSvg({
    title: 'How far the mass of the ten likeliest tokens falls from its peak',
    xLabel: 'fall by the end of training, mean over runs with 95% interval',
    xRange: [0, high * 1.1 || 1],
    rows: falls.map(({ name, mean: value, interval }, i) => ({
      name,
      value,
      ...interval,
      colour: colour(i),
    })),
  });
}

/** What each rule keeps of the best win probability. */
export const earlyStopSvg = (rows: readonly IntervalRow[]): string =>
  renderIntervalSvg({
    title: 'What early stopping keeps of the best achievable win probability',
    xLabel: 'share kept, mean over runs with 95% interval; pale: single runs',
    xRange: [Math.min(0.5, Math.floor(10 * Math.min(...rows.map(({ low }) => low))) / 10), 1],
    xFormat: 'percent',
    rows,
  });
