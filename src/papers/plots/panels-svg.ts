/** Small charts side by side: dots, lines and marks on axes of their own, with one legend. */
import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import {
  escapeXml,
  extent,
  faint,
  fixed,
  font,
  gridline,
  ink,
  text,
} from '../../runs/svg-parts.ts';

export interface Dot {
  readonly x: number;
  readonly y: number;
  readonly colour: string;
  readonly radius?: number;
  readonly opacity?: number;
  /** Only its outline. */
  readonly isHollow?: boolean;
}

export interface Line {
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly colour: string;
  readonly isDashed?: boolean;
  readonly width?: number;
  readonly opacity?: number;
}

export interface Panel {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** The data's own unless given. */
  readonly xRange?: readonly [number, number];
  readonly yRange?: readonly [number, number];
  readonly dots?: readonly Dot[];
  readonly lines?: readonly Line[];
  /** Vertical lines. */
  readonly marks?: readonly { readonly x: number; readonly colour: string }[];
}

export interface LegendEntry {
  readonly name: string;
  readonly colour: string;
  readonly kind: 'dot' | 'line' | 'dash';
}

export interface PanelsChart {
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly columns: number;
  readonly legend?: readonly LegendEntry[];
  /** Height of a panel's plot, pixels. */
  readonly panelHeight?: number;
}

const WIDTH = 860;
const MARGIN = 24;
const GAP = { left: 66, top: 34, bottom: 48, right: 14 };
const LEGEND_ROW = 20;

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Draws them row by row; values that are not finite are left out. */
export function renderPanelsSvg(chart: PanelsChart): string {
  const { title, panels, columns, legend = [], panelHeight = 210 } = chart;
  const [legendParts, legendHeight] = drawLegend(legend);
  const top = 52 + legendHeight;
  const cell = (WIDTH - 2 * MARGIN) / columns;
  const row = GAP.top + panelHeight + GAP.bottom;
  const boxOf = (index: number): Box => {
    const left = MARGIN + (index % columns) * cell + GAP.left;
    const upper = top + Math.floor(index / columns) * row + GAP.top;
    return {
      left,
      right: left + cell - GAP.left - GAP.right,
      top: upper,
      bottom: upper + panelHeight,
    };
  };
  const height = top + Math.ceil(panels.length / columns) * row + 6;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeXml(title)}" ${font}>`,
    `<rect width="${WIDTH}" height="${height}" rx="10" fill="#ffffff"/>`,
    text(title, { x: MARGIN, y: 32, size: 18, weight: 600, fill: ink }),
    ...legendParts,
    ...panels.flatMap((panel, index) => drawPanel(panel, boxOf(index))),
    '</svg>',
    '',
  ].join('\n');
}

function drawLegend(entries: readonly LegendEntry[]): [parts: string[], height: number] {
  if (entries.length === 0) return [[], 0];
  let [left, top] = [MARGIN, 56];
  const parts = entries.flatMap(({ name, colour, kind }) => {
    const wide = 44 + name.length * 7;
    if (left > MARGIN && left + wide > WIDTH - MARGIN) [left, top] = [MARGIN, top + LEGEND_ROW];
    const x = left;
    left += wide;
    const dash = kind === 'dash' ? ' stroke-dasharray="5 4"' : '';
    const sign =
      kind === 'dot'
        ? `<circle cx="${fixed(x + 10)}" cy="${top}" r="4.5" fill="${colour}"/>`
        : `<line x1="${fixed(x)}" x2="${fixed(x + 20)}" y1="${top}" y2="${top}" stroke="${colour}" stroke-width="2.5"${dash}/>`;
    return [sign, text(name, { x: x + 26, y: top + 4, size: 13, fill: ink })];
  });
  return [parts, top - 56 + LEGEND_ROW];
}

type Scale = ReturnType<typeof scaleLinear<number, number>>;

const isFinitePoint = ([x, y]: readonly [number, number]): boolean =>
  Number.isFinite(x) && Number.isFinite(y);

function drawPanel(panel: Panel, box: Box): string[] {
  const { dots = [], lines = [], marks = [] } = panel;
  const points = [
    ...dots.map(({ x, y }) => [x, y] as const),
    ...lines.flatMap((each) => each.points),
  ].filter(isFinitePoint);
  const x = scaleLinear(panel.xRange ?? extent(points.map(([value]) => value)), [
    box.left,
    box.right,
  ]);
  const y = scaleLinear(panel.yRange ?? extent(points.map(([, value]) => value)), [
    box.bottom,
    box.top,
  ]);
  if (panel.yRange === undefined) y.nice(5);
  return [
    text(panel.title, { x: box.left, y: box.top - 12, size: 13, weight: 600, fill: ink }),
    ...drawAxes(panel, box, x, y),
    ...marks.map(
      (mark) =>
        `<line x1="${fixed(x(mark.x))}" x2="${fixed(x(mark.x))}" y1="${fixed(box.top)}" y2="${fixed(box.bottom)}" stroke="${mark.colour}" stroke-width="1.5" stroke-dasharray="3 3"/>`,
    ),
    ...lines.map((each) => drawLine(each, x, y)),
    ...dots.filter((dot) => isFinitePoint([dot.x, dot.y])).map((dot) => drawDot(dot, x, y)),
  ];
}

function drawAxes({ xLabel, yLabel }: Panel, box: Box, x: Scale, y: Scale): string[] {
  const formatX = x.tickFormat(5);
  const formatY = y.tickFormat(5);
  const middle = (box.top + box.bottom) / 2;
  const rightEnd = `x1="${fixed(box.left)}" x2="${fixed(box.right)}"`;
  return [
    ...y
      .ticks(5)
      .flatMap((tick) => [
        `<line ${rightEnd} y1="${fixed(y(tick))}" y2="${fixed(y(tick))}" stroke="${gridline}"/>`,
        text(formatY(tick), { x: box.left - 7, y: y(tick) + 4, size: 11, anchor: 'end' }),
      ]),
    ...x
      .ticks(5)
      .flatMap((tick) => [
        `<line x1="${fixed(x(tick))}" x2="${fixed(x(tick))}" y1="${fixed(box.bottom)}" y2="${fixed(box.bottom + 4)}" stroke="${faint}"/>`,
        text(formatX(tick), { x: x(tick), y: box.bottom + 17, size: 11, anchor: 'middle' }),
      ]),
    `<line ${rightEnd} y1="${fixed(box.bottom)}" y2="${fixed(box.bottom)}" stroke="${faint}"/>`,
    text(xLabel, { x: (box.left + box.right) / 2, y: box.bottom + 35, size: 12, anchor: 'middle' }),
    `<g transform="translate(${fixed(box.left - 52)} ${fixed(middle)}) rotate(-90)">${text(yLabel, { x: 0, y: 0, size: 12, anchor: 'middle' })}</g>`,
  ];
}

function drawLine(
  { points, colour, isDashed, width = 2, opacity = 1 }: Line,
  x: Scale,
  y: Scale,
): string {
  const path = line<readonly [number, number]>(
    ([at]) => Number(fixed(x(at))),
    ([, value]) => Number(fixed(y(value))),
  )(points.filter(isFinitePoint));
  const dash = isDashed ? ' stroke-dasharray="6 5"' : '';
  return `<path d="${path ?? ''}" fill="none" stroke="${colour}" stroke-width="${width}" opacity="${opacity}" stroke-linejoin="round" stroke-linecap="round"${dash}/>`;
}

function drawDot(
  { colour, radius = 3, opacity = 0.8, isHollow, ...at }: Dot,
  x: Scale,
  y: Scale,
): string {
  const paint = isHollow ? `fill="none" stroke="${colour}" stroke-width="1.8"` : `fill="${colour}"`;
  return `<circle cx="${fixed(x(at.x))}" cy="${fixed(y(at.y))}" r="${radius}" ${paint} opacity="${opacity}"/>`;
}
