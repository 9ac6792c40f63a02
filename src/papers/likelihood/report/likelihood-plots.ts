import { colour } from '../../../runs/svg-parts.ts';
import { sequentialColour } from '../../plots/colour-scale.ts';
import { type Line, type Panel, renderPanelsSvg } from '../../plots/panels-svg.ts';
import type { Bend } from '../analysis/bend.ts';
import { gapOf } from '../analysis/best-checkpoint.ts';
import { methods, ofMethod, withNll, withoutNll } from '../analysis/correlations.ts';
import { type Method, methodNames } from '../study/arms.ts';
import { best, pointsOf, type StudyRun } from '../study/runs.ts';
import { curveLine, dark, dotsOf, likelihoodLabel, methodLegend } from './plot-style.ts';

const fitLines = ({ line, parabola, range }: Bend): Line[] => [
  curveLine(line, range, { isDashed: true, width: 1.5 }),
  curveLine(parabola, range, {}),
];

const isInside = ({ isConcave, vertex, range }: Bend): boolean =>
  isConcave && vertex > range[0] && vertex < range[1];

/** The same points, evenly spread. */
const rankedPanel = (bend: Bend): Panel => ({
  title: 'All runs, by rank',
  xLabel: 'rank of the likelihood, 1: the likeliest',
  yLabel: 'win probability',
  dots: bend.points.map(([x, y]) => ({ x, y, colour: '#6b7785', opacity: 0.6 })),
  lines: fitLines(bend),
  marks: isInside(bend) ? [{ x: bend.vertex, colour: dark }] : [],
  xRange: bend.range,
});

/** Win probability over likelihood, all runs and each method's, with line and quadratic. */
export function bendSvg(
  runs: readonly StudyRun[],
  every: number,
  bends: Readonly<Record<Method | 'all' | 'ranked', Bend>>,
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
    title: 'Win probability over likelihood',
    columns: 2,
    legend: [
      ...methodLegend,
      { name: 'quadratic, with its vertex', colour: dark, kind: 'line' },
      { name: 'line', colour: dark, kind: 'dash' },
    ],
    panels: [
      panel('All runs', runs, bends.all),
      rankedPanel(bends.ranked),
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
