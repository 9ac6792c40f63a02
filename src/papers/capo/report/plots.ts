import { colour } from '../../../runs/svg-parts.ts';
import { type Line, type Panel, renderPanelsSvg } from '../../plots/panels-svg.ts';
import type { StudyReport } from '../../runner/reproduction.ts';
import { accuracyCurve, mean, partsOf } from '../analysis/curves.ts';
import { runsOfArm, type StudyRun } from '../study/runs.ts';
import { nameOf } from './wording.ts';

type Plot = StudyReport['plots'][number];
type Curve = readonly (readonly [x: number, y: number])[];

/** Mean of curves over the same places, as far as all of them go. */
function meanCurve(curves: readonly Curve[]): Curve {
  const length = Math.min(...curves.map((curve) => curve.length));
  return Array.from(
    { length },
    (_, i) => [curves[0]![i]![0], mean(curves.map((curve) => curve[i]![1]))] as const,
  );
}

const linesOf = (
  runs: readonly StudyRun[],
  arms: readonly string[],
  curveOf: (run: StudyRun) => Curve,
): Line[] =>
  arms.flatMap((arm, index) => {
    const curves = runsOfArm(runs, arm).map(curveOf);
    if (curves.length === 0) return [];
    const single = curves.map((points) => ({
      points,
      colour: colour(index),
      width: 1,
      opacity: 0.3,
    }));
    return [...single, { points: meanCurve(curves), colour: colour(index), width: 2.5 }];
  });

const curve = (run: StudyRun): Curve =>
  accuracyCurve(run).map(({ completions, accuracy }) => [completions, accuracy] as const);

const accuracyPanel = (
  title: string,
  runs: readonly StudyRun[],
  arms: readonly string[],
): Panel => ({
  title,
  xLabel: 'completions seen',
  yLabel: 'right answers',
  yRange: [0, 1],
  lines: linesOf(runs, arms, curve),
});

const legendOf = (runs: readonly StudyRun[], arms: readonly string[]) =>
  arms.flatMap((arm, index) =>
    runsOfArm(runs, arm).length === 0
      ? []
      : [{ name: nameOf(arm), colour: colour(index), kind: 'line' as const }],
  );

const core = ['grpo-conservative', 'grpo-aggressive', 'capo'];
const variants = ['dr-grpo-aggressive', 'dr-capo', 'reinforce-aggressive', 'reincapo'];
const baselines = [...core, 'kl-penalty', 'tight-clip', 'gradient-clipping', 'lower-rate'];

/** Accuracy against completions: the three core arms on every task that has runs. */
export function corePlot(
  tasks: readonly (readonly [title: string, runs: readonly StudyRun[]])[],
): Plot {
  const panels = tasks.filter(([, runs]) => runs.length > 0);
  return {
    file: 'accuracy.svg',
    title: 'Accuracy over completions',
    caption:
      'Smoothed accuracy on the completions trained on: thin lines are seeds, thick ones their means.',
    svg: renderPanelsSvg({
      title: 'Accuracy over completions',
      columns: panels.length,
      panels: panels.map(([title, runs]) => accuracyPanel(title, runs, core)),
      legend: legendOf(
        panels.flatMap(([, runs]) => runs),
        core,
      ),
    }),
  };
}

const armsPlot = (
  file: string,
  title: string,
  runs: readonly StudyRun[],
  arms: readonly string[],
): Plot[] =>
  legendOf(runs, arms).length === 0
    ? []
    : [
        {
          file,
          title,
          caption: 'Smoothed accuracy: thin lines are seeds, thick ones their means.',
          svg: renderPanelsSvg({
            title,
            columns: 1,
            panelHeight: 260,
            panels: [accuracyPanel('sums', runs, arms)],
            legend: legendOf(runs, arms),
          }),
        },
      ];

export const variantsPlot = (runs: readonly StudyRun[]): Plot[] =>
  armsPlot('variants.svg', 'Other objectives, without and with the filter', runs, variants);

export const baselinesPlot = (runs: readonly StudyRun[]): Plot[] =>
  runsOfArm(runs, 'kl-penalty').length === 0
    ? []
    : armsPlot('baselines.svg', 'What users would try instead', runs, baselines);

/** Rejected tokens through training, and the predicted shifts of both regimes. */
export function filterPlot(runs: readonly StudyRun[]): Plot {
  const panel = (
    title: string,
    yLabel: string,
    arms: readonly string[],
    column: Parameters<typeof partsOf>[1],
  ): Panel => ({
    title,
    xLabel: 'completions seen',
    yLabel,
    lines: linesOf(runs, arms, (run) =>
      partsOf(run, column).map(({ completions, value }) => [completions, value] as const),
    ).map((line) => ({ ...line, colour: line.colour })),
  });
  const log10 = (value: number) => Math.log10(Math.max(value, 1e-9));
  return {
    file: 'filter.svg',
    title: 'What the filter sees',
    caption:
      'Shares of tokens rejected, by part of the run; and the largest predicted shift of the policy by any token.',
    svg: renderPanelsSvg({
      title: 'What the filter sees',
      columns: 2,
      panels: [
        panel('rejected tokens', 'share', core, ({ rejected }) => rejected),
        panel('largest m_F of a token', 'log₁₀ nats', core, ({ policyMax }) => log10(policyMax)),
      ],
      legend: legendOf(runs, core),
    }),
  };
}
