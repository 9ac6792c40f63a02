import type uPlot from 'uplot';
import { token } from '../theme.ts';
import type { CurveLayout } from './chart-data.ts';
import { curveDash, curveToken } from './curve.ts';

const pointSpace = 40;

/** The lines of a curve: edges of the area behind it, its values where it is smoothed, and the line that is read. */
export function seriesOf(
  { curve, raw, high }: CurveLayout,
  highlighted: ReadonlySet<string>,
): uPlot.Series[] {
  const colour = token(curveToken(curve.colour));
  const isFaded = highlighted.size > 0 && !highlighted.has(curve.id);
  const fade = isFaded ? 0.2 : 1;
  const edge: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } };
  const main: uPlot.Series = {
    stroke: colour,
    width: highlighted.has(curve.id) ? 2.5 : 1.75,
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

/** The area between the lowest and highest of merged points, or around a mean. */
export function bandOf({ curve, high, low }: CurveLayout): uPlot.Band[] {
  if (high === undefined || low === undefined) return [];
  return [{ series: [high, low], fill: translucent(token(curveToken(curve.colour))) }];
}

/** `#rrggbb` with an eighth of its strength. */
const translucent = (hex: string): string => `${hex}24`;

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
