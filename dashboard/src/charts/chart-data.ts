import uPlot from 'uplot';
import type { Curve, Range } from './curve.ts';
import { smooth } from './smooth.ts';

type Values = readonly (number | null)[];

/** How a curve's lines lie in the chart's data, after the horizontal axis. */
export interface CurveLayout {
  readonly curve: Curve;
  /** Index of the line that is read. */
  readonly main: number;
  /** Index of the unsmoothed line behind it. */
  readonly raw?: number;
  /** Indices of the edges of the area behind it. */
  readonly high?: number;
  readonly low?: number;
}

/** What of the view changes the values drawn. */
export interface DataView {
  readonly smoothing: number;
  readonly isLog: boolean;
}

/** Which lines a set of curves is drawn with. */
export function layoutCurves(
  curves: readonly Curve[],
  { smoothing }: DataView,
): readonly CurveLayout[] {
  let next = 1;
  return curves.map((curve) => {
    const area = curve.min && curve.max ? { high: next++, low: next++ } : {};
    const raw = smoothing > 0 ? { raw: next++ } : {};
    return { curve, ...area, ...raw, main: next++ };
  });
}

/** The values of those lines over one shared axis. Null is a gap; undefined, where another curve has a point, is none. */
export function joinCurves(curves: readonly Curve[], view: DataView): uPlot.AlignedData {
  const tables = curves.map((curve) => {
    const lines: Values[] = [];
    if (curve.min && curve.max) lines.push(curve.max, curve.min);
    if (view.smoothing > 0) lines.push(curve.y);
    lines.push(smooth(curve.y, view.smoothing));
    return [[...curve.x], ...lines.map((line) => line.map((y) => drawable(y, view.isLog)))];
  });
  if (tables.length === 0) return [[]];
  return uPlot.join(tables as uPlot.AlignedData[]);
}

/** A logarithm is of positive numbers only: others are gaps. */
const drawable = (y: number | null, isLog: boolean): number | null =>
  y === null || !Number.isFinite(y) || (isLog && y <= 0) ? null : y;

/** Whether a logarithmic axis leaves some values out. */
export const hidesValues = (curves: readonly Curve[]): boolean =>
  curves.some(({ y }) => y.some((value) => value !== null && value <= 0));

/** The axis from end to end; a single point gets room on both sides. */
export function spread(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high))
    return [0, 1];
  if (low < high) return [low, high];
  const room = Math.abs(low) * 0.1 || 0.5;
  return [low - room, high + room];
}

/** The first and last place on the axis of all curves; undefined without points. */
export function extentOf(curves: readonly Curve[]): Range | undefined {
  const ends = curves.flatMap(({ x }) => (x.length === 0 ? [] : [x[0]!, x.at(-1)!]));
  return ends.length === 0 ? undefined : [Math.min(...ends), Math.max(...ends)];
}
