import type uPlot from 'uplot';
import { type AxisView, linearRange, xAxis, yAxis } from './chart-axes.ts';
import { type CurveLayout, spread } from './chart-data.ts';
import { bandOf, seriesOf } from './chart-series.ts';
import type { Mark, Range } from './curve.ts';
import { drawMarks } from './draw-marks.ts';

/** What a chart shows besides its curves. */
export interface ChartView extends AxisView {
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
    series: [{}, ...layouts.flatMap((layout) => seriesOf(layout, view.highlighted))],
    bands: layouts.flatMap(bandOf),
    cursor: cursorOptions(state),
    hooks: {
      setSelect: [(chart) => zoomToSelection(chart, state)],
      setCursor: [(chart) => state.onRead?.(chart.cursor.idx ?? null)],
      draw: [(chart) => drawMarks(chart, state.marks)],
    },
  };
}

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
