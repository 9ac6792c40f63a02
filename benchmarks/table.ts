// From timings to ratios, verdicts and Markdown; no clock, no process.
import type { Timing } from './side.ts';

/** Seconds that a floor takes, by part. */
export interface FloorTime {
  readonly products: number;
  readonly cache: number;
}

/** One comparison: both sides and the floor, measured within seconds of each other. */
export interface Pair {
  readonly laurel: Timing;
  readonly reference?: Timing;
  readonly floor?: FloorTime;
}

/** What is asked of a row of the table. */
export interface Bars {
  /** The least that the reference's time over Laurel's may be. */
  readonly speed?: number;
  /** The least share of the floor's speed. */
  readonly floor?: number;
  /** Whether every bar counts, or one is enough. */
  readonly need: 'all' | 'any';
}

/** Machine load while a row was measured, in processors. */
export interface RowLoad {
  readonly averageBefore: number;
  /** Processors that others kept busy meanwhile. */
  readonly others: number;
}

/** One row of the table. */
export interface Result {
  readonly name: string;
  readonly label: string;
  readonly bars: Bars;
  readonly laurel: string;
  readonly reference?: string;
  /** What the floor was measured with. */
  readonly floorBy?: string;
  readonly pairs: readonly Pair[];
  readonly notes: readonly string[];
  readonly load: RowLoad;
  readonly measuredAt: string;
  readonly revision: string;
}

/** Median, least and most. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
};

export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  least: Math.min(...values),
  most: Math.max(...values),
});

const spreadOf = (
  { pairs }: Result,
  value: (pair: Pair) => number | undefined,
): Spread | undefined => {
  const values = pairs.flatMap((pair) => value(pair) ?? []);
  return values.length === 0 ? undefined : spread(values);
};

/** The reference's time over Laurel's, pair by pair: above 1, Laurel is faster. */
export const speedRatio = (result: Result): Spread | undefined =>
  spreadOf(result, ({ laurel, reference }) => reference && reference.wall / laurel.wall);

const floorSeconds = ({ floor }: Pair): number | undefined => floor && floor.products + floor.cache;

/** The floor's time over Laurel's, pair by pair: 1 is the floor's own speed. */
export const floorShare = (result: Result): Spread | undefined =>
  spreadOf(result, (pair) => {
    const seconds = floorSeconds(pair);
    return seconds && seconds / pair.laurel.wall;
  });

/** Whether the medians meet the row's bars; undefined where it has none. */
export function meetsBars(result: Result): boolean | undefined {
  const { speed, floor, need } = result.bars;
  const checks = [
    speed === undefined ? [] : (speedRatio(result)?.median ?? 0) >= speed,
    floor === undefined ? [] : (floorShare(result)?.median ?? 0) >= floor,
  ].flat();
  if (checks.length === 0) return undefined;
  return need === 'all' ? checks.every(Boolean) : checks.some(Boolean);
}

const duration = (seconds: number | undefined): string => {
  if (seconds === undefined) return '';
  return seconds < 10 ? `${(seconds * 1000).toFixed(0)} ms` : `${seconds.toFixed(1)} s`;
};

const times = (value: Spread | undefined): string =>
  value === undefined
    ? ''
    : `${value.median.toFixed(2)}× (${value.least.toFixed(2)}–${value.most.toFixed(2)})`;

const percent = (value: number): string => `${(value * 100).toFixed(0)}%`;

const share = (value: Spread | undefined): string =>
  value === undefined
    ? ''
    : `${percent(value.median)} (${percent(value.least)}–${percent(value.most)})`;

/** A row's bars in words. */
export function describeBars({ speed, floor, need }: Bars): string {
  const parts = [
    speed === undefined ? [] : `${speed}×`,
    floor === undefined ? [] : `${percent(floor)} of the floor`,
  ].flat();
  return parts.join(need === 'all' ? ' and ' : ' or ');
}

export const verdict = (result: Result): string => {
  const meets = meetsBars(result);
  return meets === undefined ? '' : meets ? 'meets' : 'misses';
};

function row(result: Result): string {
  const cells = [
    result.label,
    duration(spreadOf(result, ({ laurel }) => laurel.wall)?.median),
    duration(spreadOf(result, ({ reference }) => reference?.wall)?.median),
    times(speedRatio(result)),
    duration(spreadOf(result, floorSeconds)?.median),
    share(floorShare(result)),
    describeBars(result.bars),
    verdict(result),
    result.laurel,
    [result.reference, result.floorBy && `floor: ${result.floorBy}`].filter(Boolean).join('; '),
  ];
  return `| ${cells.join(' | ')} |`;
}

const columns = [
  'work',
  'Laurel',
  'reference',
  'times as fast (least–most)',
  'floor',
  'share of the floor',
  'bar',
  'verdict',
  'Laurel ran as',
  'reference ran as',
];

/** The table, one row for each result. */
export function markdownTable(results: readonly Result[]): string {
  const head = [columns, columns.map(() => '---')].map((cells) => `| ${cells.join(' | ')} |`);
  return [...head, ...results.map(row)].join('\n');
}

/** Results of this run in place of earlier ones of the same name, in the order of `names`. */
export function mergeResults(
  earlier: readonly Result[],
  fresh: readonly Result[],
  names: readonly string[],
): Result[] {
  const rank = ({ name }: Result): number => {
    const index = names.indexOf(name.split('@')[0]!);
    return index < 0 ? names.length : index;
  };
  const replaced = new Set(fresh.map(({ name }) => name));
  const kept = earlier.filter(({ name }) => !replaced.has(name));
  return [...kept, ...fresh].sort((a, b) => rank(a) - rank(b));
}
