import { colour } from '../../../runs/svg-parts.ts';
import { sequentialColour } from '../../plots/colour-scale.ts';
import { type IntervalRow, renderIntervalSvg } from '../../plots/interval-svg.ts';
import { type Line, type Panel, renderPanelsSvg } from '../../plots/panels-svg.ts';
import { evaluatePolynomial, type Polynomial } from '../../statistics/least-squares.ts';
import type { Bend } from '../analysis/bend.ts';
import { gapOf } from '../analysis/best-checkpoint.ts';
import { methods, ofMethod, withNll, withoutNll } from '../analysis/correlations.ts';
import type { MassFall } from '../analysis/mass.ts';
import type { RunTurn } from '../analysis/turns.ts';
import { type Method, methodNames } from '../study/arms.ts';
import { best, type GeneratedMeasurement, pointsOf, type StudyRun } from '../study/runs.ts';

export const methodColour: Readonly<Record<Method, string>> = {
  dpo: colour(0),
  ipo: colour(1),
  hinge: colour(2),
};

const dark = '#1f2933';
const likelihoodLabel = 'LLH of better completions, nats a token';

const methodLegend = methods.map((method) => ({
  name: methodNames[method],
  colour: methodColour[method],
  kind: 'dot' as const,
}));

const curveLine = (
  curve: Polynomial,
  [low, high]: readonly [number, number],
  style: Partial<Line>,
): Line => ({
  points: Array.from({ length: 61 }, (_, i) => {
    const x = low + ((high - low) * i) / 60;
    return [x, evaluatePolynomial(curve, x)] as const;
  }),
  colour: dark,
  ...style,
});

const dotsOf = (
  runs: readonly StudyRun[],
  every: number,
  y: (measurement: GeneratedMeasurement) => number,
) =>
  runs.flatMap((run) =>
    pointsOf(run, every).map((point) => ({
      x: point.likelihoodChosen,
      y: y(point),
      colour: methodColour[run.arm.method],
      opacity: 0.65,
    })),
  );

const fitLines = ({ line, parabola, range }: Bend): Line[] => [
  curveLine(line, range, { isDashed: true, width: 1.5 }),
  curveLine(parabola, range, {}),
];

const isInside = ({ isConcave, vertex, range }: Bend): boolean =>
  isConcave && vertex > range[0] && vertex < range[1];

/** Win probability over likelihood, all runs and each method's, with line and quadratic. */
export function bendSvg(
  runs: readonly StudyRun[],
  every: number,
  bends: Readonly<Record<Method | 'all', Bend>>,
): string {
  const panel = (title: string, some: readonly StudyRun[], bend: Bend): Panel => ({
    title,
    xLabel: likelihoodLabel,
    yLabel: 'win probability',
    dots: dotsOf(some, every, ({ winProbability }) => winProbability),
    lines: fitLines(bend),
    marks: isInside(bend) ? [{ x: bend.vertex, colour: dark }] : [],
    xRange: bend.range,
  });
  return renderPanelsSvg({
    title: 'Win probability bends over likelihood',
    columns: 2,
    legend: [
      ...methodLegend,
      { name: 'quadratic, with its vertex', colour: dark, kind: 'line' },
      { name: 'line', colour: dark, kind: 'dash' },
    ],
    panels: [
      panel('All runs', runs, bends.all),
      ...methods.map((method) => panel(methodNames[method], ofMethod(runs, method), bends[method])),
    ],
  });
}

/** Every checkpoint by likelihood and margin, coloured by win probability. */
export function planeSvg(runs: readonly StudyRun[]): string {
  const all = runs.flatMap((run) => pointsOf(run, 1));
  const wins = all.map(({ winProbability }) => winProbability);
  const [low, high] = [Math.min(...wins), Math.max(...wins)];
  const top = best(all, ({ winProbability }) => winProbability);
  const sorted = [...all].sort((a, b) => a.winProbability - b.winProbability);
  const shades = [0, 0.25, 0.5, 0.75, 1];
  return renderPanelsSvg({
    title: 'Win probability over likelihood and margin',
    columns: 1,
    panelHeight: 330,
    legend: shades.map((share) => ({
      name: (low + share * (high - low)).toFixed(2),
      colour: sequentialColour(share),
      kind: 'dot',
    })),
    panels: [
      {
        title: 'A dot per checkpoint; the best one is ringed',
        xLabel: likelihoodLabel,
        yLabel: 'LLH better − worse',
        dots: [
          ...sorted.map((each) => ({
            x: each.likelihoodChosen,
            y: gapOf(each),
            colour: sequentialColour((each.winProbability - low) / (high - low)),
            opacity: 0.9,
          })),
          {
            x: top.likelihoodChosen,
            y: gapOf(top),
            colour: '#d55e00',
            radius: 8,
            isHollow: true,
            opacity: 1,
          },
        ],
      },
    ],
  });
}

/** Mean length over likelihood. */
export const lengthSvg = (runs: readonly StudyRun[], every: number): string =>
  renderPanelsSvg({
    title: 'Length over likelihood',
    columns: 1,
    panelHeight: 260,
    legend: methodLegend,
    panels: [
      {
        title: 'Mean length of completions',
        xLabel: likelihoodLabel,
        yLabel: 'tokens',
        dots: dotsOf(runs, every, ({ meanLength }) => meanLength),
      },
    ],
  });

/** Cross-input diversity over likelihood, within each method. */
export const diversitySvg = (runs: readonly StudyRun[], every: number): string =>
  renderPanelsSvg({
    title: 'Cross-input diversity over likelihood',
    columns: 3,
    panels: methods.map((method) => ({
      title: methodNames[method],
      xLabel: 'LLH of better completions',
      yLabel: 'distinct n-grams (EAD)',
      dots: dotsOf(ofMethod(runs, method), every, ({ diversity }) => diversity),
    })),
  });

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
    columns: 3,
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
    columns: 3,
    panelHeight: 140,
    panels: gridOfMethods(runs, [
      ['LLH better', ({ likelihoodChosen }) => likelihoodChosen],
      ['LLH better − worse', (each) => each.likelihoodChosen - each.likelihoodRejected],
      ['accuracy', ({ accuracy }) => accuracy],
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

/** Runs with a likelihood term among those without, over likelihood. */
export const nllSvg = (
  runs: readonly StudyRun[],
  every: number,
  bends: ReadonlyMap<Method, Bend>,
): string =>
  renderPanelsSvg({
    title: 'Runs with λ·NLL lie where others of their likelihood do',
    columns: 2,
    panelHeight: 250,
    legend: [
      { name: 'without NLL, and their curve', colour: '#6b7785', kind: 'dot' },
      { name: 'with NLL', colour: colour(3), kind: 'dot' },
    ],
    panels: [...bends].map(([method, bend]) => ({
      title: methodNames[method],
      xLabel: likelihoodLabel,
      yLabel: 'win probability',
      dots: [
        ...dotsOf(withoutNll(ofMethod(runs, method)), every, (each) => each.winProbability).map(
          (dot) => ({ ...dot, colour: '#6b7785', opacity: 0.5 }),
        ),
        ...dotsOf(withNll(ofMethod(runs, method)), every, (each) => each.winProbability).map(
          (dot) => ({ ...dot, colour: colour(3) }),
        ),
      ],
      lines: [curveLine(bend.parabola, bend.range, { colour: '#6b7785' })],
    })),
  });

/** What each rule keeps of the best win probability. */
export const earlyStopSvg = (rows: readonly IntervalRow[]): string =>
  renderIntervalSvg({
    title: 'What early stopping keeps of the best achievable win probability',
    xLabel: 'share kept, mean over runs with 95% interval; pale: single runs',
    xRange: [Math.min(0.5, Math.floor(10 * Math.min(...rows.map(({ low }) => low))) / 10), 1],
    xFormat: 'percent',
    rows,
  });
