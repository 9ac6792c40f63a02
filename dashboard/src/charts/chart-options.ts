import type uPlot from 'uplot';
import { formatBytes, formatCompact, formatDuration } from '../format.ts';
import { token } from '../theme.ts';
import { type CurveLayout, spread } from './chart-data.ts';
import { curveDash, curveToken, type Mark, type Range } from './curve.ts';
import { drawMarks } from './draw-marks.ts';

/** What a chart shows besides its curves. */
export interface ChartView {
  readonly unit: string;
  /** Whether the horizontal axis counts seconds, tokens …: decides how its ticks read. */
  readonly axis: 'step' | 'tokens' | 'completions' | 'time';
  readonly isLog: boolean;
  readonly height: number;
  /** Ids of the curves that stand out; empty where none does. */
  readonly highlighted: ReadonlySet<string>;
}

/** What is read while the chart is drawn, so that a change needs no new chart. */
export interface ChartState {
  marks: readonly Mark[];
  range: Range | undefined;
  onZoom: ((range: Range | undefined) => void) | undefined;
  onRead: ((index: number | null) => void) | undefined;
}

const font = () => `11px ${token('sans')}`;
const axisGap = 4;
const pointSpace = 40;

/** uPlot's options for a set of curves under the present theme. */
export function chartOptions(
  layouts: readonly CurveLayout[],
  view: ChartView,
  state: ChartState,
  width: number,
): uPlot.Options {
  return {
    width,
    height: view.height,
    padding: [10, 12, 0, 0],
    legend: { show: false },
    scales: {
      x: {
        time: false,
        range: (_, low, high) => (state.range ? [...state.range] : spread(low, high)),
      },
      y: { distr: view.isLog ? 3 : 1, ...(view.isLog ? {} : { range: linearRange }) },
    },
    axes: [xAxis(view), yAxis(view)],
    series: [{}, ...layouts.flatMap((layout) => seriesOf(layout, view))],
    bands: layouts.flatMap(bandOf),
    cursor: cursorOptions(state),
    hooks: {
      setSelect: [(chart) => zoomToSelection(chart, state)],
      setCursor: [(chart) => state.onRead?.(chart.cursor.idx ?? null)],
      draw: [(chart) => drawMarks(chart, state.marks)],
    },
  };
}

function linearRange(_: uPlot, low: number | null, high: number | null): [number, number] {
  const [bottom, top] = spread(low, high);
  const room = (top - bottom) * 0.06;
  // A quantity that is never negative keeps its 0 as an edge.
  return [bottom >= 0 && bottom - room < 0 ? 0 : bottom - room, top + room];
}

function seriesOf({ curve, raw, high }: CurveLayout, view: ChartView): uPlot.Series[] {
  const colour = token(curveToken(curve.colour));
  const isFaded = view.highlighted.size > 0 && !view.highlighted.has(curve.id);
  const fade = isFaded ? 0.2 : 1;
  const edge: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } };
  const main: uPlot.Series = {
    stroke: colour,
    width: view.highlighted.has(curve.id) ? 2.5 : 1.75,
    alpha: fade,
    dash: [...curveDash(curve.colour)],
    points: pointsOf(colour),
  };
  const behind: uPlot.Series = {
    stroke: colour,
    width: 1,
    alpha: 0.3 * fade,
    points: { show: false },
  };
  return [...(high ? [edge, edge] : []), ...(raw ? [behind] : []), main];
}

function bandOf({ curve, high, low }: CurveLayout): uPlot.Band[] {
  if (high === undefined || low === undefined) return [];
  return [{ series: [high, low], fill: translucent(token(curveToken(curve.colour))) }];
}

/** `#rrggbb` with an eighth of its strength. */
const translucent = (hex: string): string => `${hex}24`;

function xAxis({ axis }: ChartView): uPlot.Axis {
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

function yAxis({ unit, isLog }: ChartView): uPlot.Axis {
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

/** Points are drawn where they stand apart, and where a line cannot show one: between two gaps. */
function pointsOf(colour: string): uPlot.Series.Points {
  return {
    size: 5,
    stroke: colour,
    fill: colour,
    show: (chart, _, first, last) =>
      (last - first + 1) * pointSpace * devicePixelRatio < chart.bbox.width,
    filter: (chart, series, isShown) => (isShown ? null : lonePoints(chart.data[series]!)),
  };
}

function lonePoints(values: uPlot.AlignedData[number]): number[] {
  const isGap = (index: number) => values[index] === null || index < 0 || index >= values.length;
  return [...values].flatMap((value, index) =>
    typeof value === 'number' && isGap(index - 1) && isGap(index + 1) ? [index] : [],
  );
}

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

function cursorOptions(state: ChartState): uPlot.Cursor {
  return {
    y: false,
    drag: { x: true, y: false, setScale: false, dist: 6 },
    points: { size: 7 },
    bind: {
      dblclick: () => () => {
        state.onZoom?.(undefined);
        return null;
      },
    },
  };
}

function zoomToSelection(chart: uPlot, state: ChartState): void {
  const { left, width } = chart.select;
  if (width < 6) return;
  const range: Range = [chart.posToVal(left, 'x'), chart.posToVal(left + width, 'x')];
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  state.onZoom?.(range);
}
