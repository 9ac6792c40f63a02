import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { useTheme } from '../theme.ts';
import { extentOf, joinCurves, layoutCurves } from './chart-data.ts';
import { type ChartState, type ChartView, chartOptions } from './chart-options.ts';
import type { Curve, Mark, Range } from './curve.ts';
import { useChartKeys } from './use-chart-keys.ts';

/** The values of all curves where the reader points. */
export interface Reading {
  readonly x: number;
  readonly values: ReadonlyMap<string, number | null>;
}

export interface SeriesChartProps extends ChartView {
  readonly curves: readonly Curve[];
  readonly smoothing: number;
  readonly marks?: readonly Mark[] | undefined;
  /** The part of the axis shown; all of it where undefined. */
  readonly range?: Range | undefined;
  readonly onZoom?: ((range: Range | undefined) => void) | undefined;
  readonly onRead?: ((reading: Reading | undefined) => void) | undefined;
  /** What the chart shows, in words. */
  readonly summary: string;
}

const noMarks: readonly Mark[] = [];

/** Curves on a canvas: hover or arrow keys read values, dragging zooms, a double click shows all again. */
export function SeriesChart(props: SeriesChartProps) {
  const { curves, smoothing, isLog, highlighted, summary, marks = noMarks, range } = props;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const state = useRef<ChartState>({ marks, range, onZoom: undefined, onRead: undefined }).current;
  const theme = useTheme();
  const width = useWidth(host);
  const view = useMemo(() => ({ smoothing, isLog }), [smoothing, isLog]);
  const layouts = layoutCurves(curves, view);
  const data = useMemo(() => joinCurves(curves, view), [curves, view]);
  const shape = JSON.stringify([
    layouts.map(({ curve, high, raw }) => [curve.id, curve.colour, high, raw]),
    [isLog, props.axis, props.unit, props.height, [...highlighted], theme],
  ]);
  state.marks = marks;
  state.range = range;
  state.onZoom = props.onZoom;
  const lastRead = useRef<{ index: number | null; data: uPlot.AlignedData }>(undefined);
  state.onRead = (index) => {
    // Drawing moves the cursor to where it is: not news.
    if (lastRead.current?.index === index && lastRead.current.data === data) return;
    lastRead.current = { index, data };
    props.onRead?.(read(layouts, data, index));
  };

  useEffect(() => {
    if (host.current === null || width === 0) return;
    const made = new uPlot(chartOptions(layouts, props, state, width), data, host.current);
    chart.current = made;
    return () => {
      chart.current = undefined;
      made.destroy();
    };
  }, [shape, width > 0]); // The shape names everything that needs a new chart.
  useEffect(() => {
    if (width > 0) chart.current?.setSize({ width, height: props.height });
  }, [width, props.height]);
  useEffect(() => chart.current?.setData(data), [data, range, marks]);

  const onKeyDown = useChartKeys(chart, state, extentOf(curves));
  return (
    <div
      ref={host}
      class="chart"
      role="application"
      aria-roledescription="chart"
      aria-label={summary}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys read its values
      tabIndex={0}
      style={{ height: `${props.height}px` }}
      onKeyDown={onKeyDown}
      onBlur={() => state.onRead?.(null)}
    />
  );
}

function read(
  layouts: ReturnType<typeof layoutCurves>,
  data: uPlot.AlignedData,
  index: number | null,
): Reading | undefined {
  const x = index === null ? undefined : data[0]?.[index];
  if (index === null || x === undefined || x === null) return undefined;
  const values = layouts.map(({ curve, main }) => [curve.id, nearest(data[main], index)] as const);
  return { x, values: new Map(values) };
}

/** Where another curve has a point and this one none, the value is that of its point before. */
function nearest(values: uPlot.AlignedData[number] | undefined, index: number): number | null {
  let at = index;
  while (at > 0 && values?.[at] === undefined) at--;
  return values?.[at] ?? null;
}

function useWidth(host: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (host.current === null) return;
    const observer = new ResizeObserver(([entry]) =>
      setWidth(Math.floor(entry!.contentRect.width)),
    );
    observer.observe(host.current);
    return () => observer.disconnect();
  }, [host]);
  return width;
}
