/** What every chart of ours is drawn with: palette, text and numbers. */

export const font = `font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"`;
export const ink = '#1f2933';
export const faint = '#6b7785';
export const gridline = '#e4e8ec';

// Okabe and Ito's palette without its yellow, black as a dark grey: told apart with any colour vision.
const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#4d4d4d'];

/** The colour of the n-th series; they come again after seven. */
export const colour = (index: number): string => palette[index % palette.length]!;

export interface TextStyle {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly weight?: number;
  readonly fill?: string;
}

/** A line of text. */
export function text(
  content: string,
  { x, y, size, anchor = 'start', weight = 400, fill = faint }: TextStyle,
): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${fill}">${escapeXml(content)}</text>`;
}

/** A coordinate. */
export const fixed = (value: number): string => value.toFixed(1);

/** Smallest and largest value; a unit around one that does not vary. */
export function extent(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  const [low, high] = [
    values.reduce((a, b) => Math.min(a, b)),
    values.reduce((a, b) => Math.max(a, b)),
  ];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

export const escapeXml = (content: string): string =>
  content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
