/** Numbers with their intervals, a row each. */
import { scaleLinear } from 'd3-scale';
import { escapeXml, faint, fixed, font, gridline, ink, text } from '../../runs/svg-parts.ts';

export interface IntervalRow {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly colour: string;
  /** Single values behind the interval, one a run. */
  readonly single?: readonly number[];
}

export interface IntervalChart {
  readonly title: string;
  readonly xLabel: string;
  readonly rows: readonly IntervalRow[];
  readonly xRange: readonly [number, number];
  readonly xFormat?: 'number' | 'percent';
  /** A vertical line to compare with. */
  readonly reference?: { readonly x: number; readonly label: string };
}

/** About as wide as a digit, in pixels. */
const DIGIT = 7;

/** Ticks with their texts: the most, up to 8, whose texts stand apart. */
function labelledTicks(x: Scale, specifier: string): { at: number; label: string }[] {
  for (let count = 8; ; count--) {
    const format = x.tickFormat(count, specifier);
    const ticks = x.ticks(count).map((at) => ({ at, label: format(at) }));
    const [first, second] = ticks;
    if (count === 1 || first === undefined || second === undefined) return ticks;
    const widest = DIGIT * Math.max(...ticks.map(({ label }) => label.length));
    if (widest + DIGIT <= x(second.at) - x(first.at)) return ticks;
  }
}

const WIDTH = 860;
const ROW = 34;
const TOP = 66;

/** Draws a dot and a bar per row; single values beyond the range lie at its ends. */
export function renderIntervalSvg(chart: IntervalChart): string {
  const { title, xLabel, rows, xRange, xFormat = 'number', reference } = chart;
  const left = 40 + Math.max(...rows.map(({ name }) => name.length)) * 7;
  const bottom = TOP + rows.length * ROW;
  const height = bottom + 56;
  const x = scaleLinear(xRange, [left, WIDTH - 30]).clamp(true);
  const ticks = labelledTicks(x, xFormat === 'percent' ? '~%' : '~g');
  const upright = (at: number, stroke: string, dash = '') =>
    `<line x1="${fixed(x(at))}" x2="${fixed(x(at))}" y1="${TOP - 8}" y2="${bottom}" stroke="${stroke}"${dash}/>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeXml(title)}" ${font}>`,
    `<rect width="${WIDTH}" height="${height}" rx="10" fill="#ffffff"/>`,
    text(title, { x: 24, y: 32, size: 18, weight: 600, fill: ink }),
    ...ticks.flatMap(({ at, label }) => [
      upright(at, gridline),
      text(label, { x: x(at), y: bottom + 18, size: 12, anchor: 'middle' }),
    ]),
    ...(reference === undefined
      ? []
      : [
          upright(reference.x, faint, ' stroke-dasharray="4 4"'),
          text(reference.label, { x: x(reference.x), y: TOP - 13, size: 12, anchor: 'middle' }),
        ]),
    ...rows.flatMap((row, index) => drawRow(row, TOP + (index + 0.5) * ROW, left, x)),
    text(xLabel, { x: (left + WIDTH - 30) / 2, y: bottom + 42, size: 13, anchor: 'middle' }),
    '</svg>',
    '',
  ].join('\n');
}

type Scale = ReturnType<typeof scaleLinear<number, number>>;

function drawRow(
  { name, value, low, high, colour, single = [] }: IntervalRow,
  y: number,
  left: number,
  x: Scale,
): string[] {
  return [
    text(name, { x: left - 12, y: y + 4, size: 13, anchor: 'end', fill: ink }),
    ...single.map(
      (each) =>
        `<circle cx="${fixed(x(each))}" cy="${fixed(y)}" r="3" fill="${colour}" opacity="0.18"/>`,
    ),
    `<line x1="${fixed(x(low))}" x2="${fixed(x(high))}" y1="${fixed(y)}" y2="${fixed(y)}" stroke="${colour}" stroke-width="3" stroke-linecap="round"/>`,
    `<circle cx="${fixed(x(value))}" cy="${fixed(y)}" r="5.5" fill="${colour}" stroke="#ffffff" stroke-width="1.5"/>`,
  ];
}
