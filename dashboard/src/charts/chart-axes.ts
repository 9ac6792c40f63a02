import type uPlot from 'uplot';
import { formatBytes, formatCompact, formatDuration } from '../format.ts';
import { token } from '../theme.ts';
import { spread } from './chart-data.ts';

/** What the ticks of a chart's axes depend on. */
export interface AxisView {
  readonly unit: string;
  /** What the horizontal axis counts: decides how its ticks read. */
  readonly axis: 'step' | 'tokens' | 'completions' | 'time';
  readonly isLog: boolean;
}

const font = () => `11px ${token('sans')}`;
const axisGap = 4;

/** The ends of a linear vertical axis: a little more than the values need. */
export function linearRange(_: uPlot, low: number | null, high: number | null): [number, number] {
  const [bottom, top] = spread(low, high);
  const room = (top - bottom) * 0.06;
  // A quantity that is never negative keeps its 0 as an edge.
  return [bottom >= 0 && bottom - room < 0 ? 0 : bottom - room, top + room];
}

/** The horizontal axis. */
export function xAxis({ axis }: AxisView): uPlot.Axis {
  const format = axis === 'time' ? formatDuration : formatCompact;
  return {
    ...axisStyle(),
    size: 28,
    grid: { show: false },
    space: axis === 'time' ? 80 : 55,
    incrs: axis === 'time' ? timeSteps : countSteps,
    values: (_, ticks) => ticks.map((tick) => (tick === 0 ? '0' : format(tick))),
  };
}

/** The vertical axis. */
export function yAxis({ unit, isLog }: AxisView): uPlot.Axis {
  const format = unit === 'bytes' ? formatBytes : formatCompact;
  return {
    ...axisStyle(),
    size: (_, labels) =>
      14 + 6.6 * Math.max(3, ...(labels ?? []).map((label) => label?.length ?? 0)),
    space: 32,
    // uPlot hands null for the ticks of a logarithm that are not to be labelled.
    values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : format(tick))),
    ...(isLog ? { grid: { ...gridStyle(), filter: powersOfTen } } : { incrs: fine }),
  };
}

/** A logarithm's lines between powers of ten would outnumber what they are lines for. */
const powersOfTen: uPlot.Axis.Filter = (_, ticks) => {
  const powers = ticks.map((tick) => (Number.isInteger(Math.log10(tick)) ? tick : null));
  return powers.filter((tick) => tick !== null).length > 1 ? powers : ticks;
};

const gridStyle = () => ({ stroke: token('line'), width: 1 });

const axisStyle = (): uPlot.Axis => ({
  stroke: token('ink-faint'),
  font: font(),
  gap: axisGap,
  grid: gridStyle(),
  ticks: { show: false },
});

/** 1, 2, 2.5, 5 times powers of ten. */
const stepsOf = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index)).flatMap((power) => [
    power,
    2 * power,
    2.5 * power,
    5 * power,
  ]);

const fine = stepsOf(-16, 15);
const countSteps = stepsOf(0, 15).filter(Number.isInteger);
const timeSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
  172_800, 604_800,
];
