/** Curves as SVG text. Scales, ticks and paths are d3's, which need no browser; the drawing is ours. */
import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { colour, escapeXml, extent, faint, fixed, font, ink, text } from './svg-parts.ts';

/** One curve. */
export interface CurveSeries {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
  /** `none` draws the points as they are; `average` draws them pale below their moving average. */
  smoothing?: 'none' | 'average';
  /** Drawn dashed, for a control or a baseline. */
  isDashed?: boolean;
}

/** What a chart shows. */
export interface CurveChart {
  title: string;
  series: readonly CurveSeries[];
  xLabel: string;
  yLabel: string;
  /** Fixed ends of the y axis; the data's own, rounded, unless given. */
  yRange?: readonly [low: number, high: number];
  /** `percent` shows 0.5 as 50%. */
  yFormat?: 'number' | 'percent';
  /** Vertical lines with a label, such as the start of a phase. */
  marks?: readonly { x: number; label: string }[];
  /** 760 by 440 unless given; text keeps its size, so that a small one stays readable where it is shown small. */
  size?: { width: number; height: number };
}

/** Where the axes stand. */
interface Plot {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const plotOf = ({ size: { width, height } = { width: 760, height: 440 } }: CurveChart): Plot => ({
  width,
  height,
  left: 72,
  right: width - 28,
  top: 92,
  bottom: height - 58,
});

/** Draws curves on a pair of axes; points that are not finite are left out. */
export function renderCurveSvg(chart: CurveChart): string {
  const plot = plotOf(chart);
  const { width, height } = plot;
  const series = chart.series.map((each) => ({
    ...each,
    points: each.points.filter(isFinitePoint),
  }));
  const all = series.flatMap(({ points }) => points);
  const x = scaleLinear(extent(all.map(([value]) => value)), [plot.left, plot.right]);
  const y = scaleLinear(chart.yRange ?? extent(all.map(([, value]) => value)), [
    plot.bottom,
    plot.top,
  ]);
  if (chart.yRange === undefined) y.nice(6);
  const parts = [
    `<rect width="${width}" height="${height}" rx="10" fill="#ffffff"/>`,
    text(chart.title, { x: plot.left, y: 34, size: 18, weight: 600, fill: ink }),
    ...drawAxes(chart, plot, x, y),
    ...(chart.marks ?? []).flatMap((mark) => drawMark(mark, plot, x)),
    ...series.flatMap((each, index) => drawSeries(each, colour(index), x, y)),
    ...drawLegend(series, plot),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(chart.title)}" ${font}>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

type Scale = ReturnType<typeof scaleLinear<number, number>>;
type Point = readonly [number, number];

function drawAxes(
  { xLabel, yLabel, yFormat }: CurveChart,
  plot: Plot,
  x: Scale,
  y: Scale,
): string[] {
  const xTicks = Math.round(plot.width / 95);
  const formatY = yFormat === 'percent' ? y.tickFormat(6, '~%') : y.tickFormat(6, '~g');
  const compact = x.tickFormat(xTicks, '~s');
  const formatX = (tick: number) => (tick === 0 ? '0' : compact(tick));
  const middle = (plot.top + plot.bottom) / 2;
  return [
    ...y
      .ticks(6)
      .flatMap((tick) => [
        `<line x1="${plot.left}" x2="${plot.right}" y1="${fixed(y(tick))}" y2="${fixed(y(tick))}" stroke="#e4e8ec"/>`,
        text(formatY(tick), { x: plot.left - 10, y: y(tick) + 4, size: 12, anchor: 'end' }),
      ]),
    ...x
      .ticks(xTicks)
      .flatMap((tick) => [
        `<line x1="${fixed(x(tick))}" x2="${fixed(x(tick))}" y1="${plot.bottom}" y2="${plot.bottom + 5}" stroke="${faint}"/>`,
        text(formatX(tick), { x: x(tick), y: plot.bottom + 20, size: 12, anchor: 'middle' }),
      ]),
    `<line x1="${plot.left}" x2="${plot.right}" y1="${plot.bottom}" y2="${plot.bottom}" stroke="${faint}"/>`,
    text(xLabel, {
      x: (plot.left + plot.right) / 2,
      y: plot.height - 16,
      size: 13,
      anchor: 'middle',
    }),
    `<g transform="translate(20 ${middle}) rotate(-90)">${text(yLabel, { x: 0, y: 0, size: 13, anchor: 'middle' })}</g>`,
  ];
}

function drawMark({ x: at, label }: { x: number; label: string }, plot: Plot, x: Scale): string[] {
  const isRight = x(at) > (plot.left + plot.right) / 2;
  return [
    `<line x1="${fixed(x(at))}" x2="${fixed(x(at))}" y1="${plot.top}" y2="${plot.bottom}" stroke="${faint}" stroke-dasharray="2 4"/>`,
    text(label, {
      x: x(at) + (isRight ? -6 : 6),
      y: plot.bottom - 8,
      size: 12,
      anchor: isRight ? 'end' : 'start',
    }),
  ];
}

function drawSeries(
  { points, smoothing = 'none', isDashed }: CurveSeries,
  stroke: string,
  x: Scale,
  y: Scale,
): string[] {
  const path = (each: readonly Point[], style: string) => {
    const draw = line<Point>(
      ([at]) => Number(fixed(x(at))),
      ([, value]) => Number(fixed(y(value))),
    );
    return `<path d="${draw([...each]) ?? ''}" fill="none" stroke="${stroke}" stroke-linejoin="round" stroke-linecap="round" ${style}/>`;
  };
  const [only] = points;
  if (only !== undefined && points.length === 1) {
    return [`<circle cx="${fixed(x(only[0]))}" cy="${fixed(y(only[1]))}" r="4" fill="${stroke}"/>`];
  }
  const main = `stroke-width="2.5"${isDashed ? ' stroke-dasharray="7 6"' : ''}`;
  if (smoothing === 'none') return [path(points, main)];
  return [path(points, 'stroke-width="1.2" opacity="0.28"'), path(runningAverage(points), main)];
}

/** Names beside a piece of their line, on a second row where the first is full. */
function drawLegend(series: readonly CurveSeries[], plot: Plot): string[] {
  let [left, top] = [plot.left, 56];
  return series.flatMap(({ name, isDashed }, index) => {
    const wide = 46 + name.length * 7.2;
    if (left > plot.left && left + wide > plot.width) [left, top] = [plot.left, top + 19];
    const x = left;
    left += wide;
    const dash = isDashed ? ' stroke-dasharray="6 5"' : '';
    return [
      `<line x1="${fixed(x)}" x2="${fixed(x + 22)}" y1="${top}" y2="${top}" stroke="${colour(index)}" stroke-width="2.5" stroke-linecap="round"${dash}/>`,
      text(name, { x: x + 29, y: top + 4, size: 13, fill: ink }),
    ];
  });
}

/** Mean over a window around each point, narrower at the ends, so that the curve does not lag. */
function runningAverage(points: readonly Point[]): Point[] {
  const reach = Math.max(1, Math.round(points.length / 40));
  return points.map(([x], index) => {
    const side = Math.min(reach, index, points.length - 1 - index);
    const near = points.slice(index - side, index + side + 1);
    return [x, near.reduce((sum, [, y]) => sum + y, 0) / near.length] as const;
  });
}

function isFinitePoint([x, y]: Point): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}
