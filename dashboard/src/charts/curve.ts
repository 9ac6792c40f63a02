/** One curve of a chart. */
export interface Curve {
  /** Names it among the chart's curves. */
  readonly id: string;
  readonly name: string;
  readonly x: readonly number[];
  /** Null where there was no finite value: the line breaks there. */
  readonly y: readonly (number | null)[];
  /** Lowest and highest of each point's bucket, where the server merged points. */
  readonly min?: readonly (number | null)[] | undefined;
  readonly max?: readonly (number | null)[] | undefined;
  /** Place in the palette. */
  readonly colour: number;
}

/** A vertical mark on the time line. */
export interface Mark {
  readonly x: number;
  readonly kind: 'alarm' | 'warning' | 'start';
  readonly label: string;
}

/** The part of the horizontal axis that is shown. */
export type Range = readonly [from: number, to: number];

const colours = 8;
const dashes: readonly (readonly number[])[] = [[], [8, 4], [2, 4]];

/** The colour token of a place in the palette: `curve-1` … `curve-8`, then from the start again. */
export const curveToken = (place: number): string => `curve-${(place % colours) + 1}`;

/** The stroke of a place in the palette: solid first, dashed where colours repeat, so that no two look alike. */
export const curveDash = (place: number): readonly number[] =>
  dashes[Math.floor(place / colours) % dashes.length]!;
