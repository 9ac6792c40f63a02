import { count, formatMetric } from '../format.ts';
import type { Curve } from './curve.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A chart in a sentence, for those who do not see it. */
export function summarize(curve: Curve, { unit, axis }: { unit: string; axis: string }): string {
  const points = curve.x.flatMap((x, index): Point[] => {
    const y = curve.y[index];
    return typeof y === 'number' && Number.isFinite(y) ? [{ x, y }] : [];
  });
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return `${curve.name}: no values yet.`;
  const value = ({ y }: Point) => formatMetric(y, unit);
  if (points.length === 1) return `${curve.name}: ${value(first)} at ${axis} ${first.x}.`;
  const low = points.reduce((a, b) => (b.y < a.y ? b : a));
  const high = points.reduce((a, b) => (b.y > a.y ? b : a));
  const gaps = curve.y.length - points.length;
  return (
    `${curve.name}: ${count(points.length, 'point')} from ${axis} ${round(first.x)} to ${round(last.x)}; ` +
    `begins at ${value(first)}, ends at ${value(last)}, lowest ${value(low)} at ${round(low.x)}, ` +
    `highest ${value(high)} at ${round(high.x)}${gaps > 0 ? `; ${count(gaps, 'gap')}` : ''}.`
  );
}

const round = (x: number): string => String(Math.round(x * 100) / 100);
