import type { MemoryReading } from './messages.ts';

/** Readings before this share of the steps are warm-up: allocators and the compiler settle. */
const WARM_UP_SHARE = 0.15;
/** Collected memory may end this much above where the warm-up left it. */
const TOLERANCE = 0.02;
/** And of it V8's heap, to which the compiler adds code for a long time. */
const HEAP_TOLERANCE = 0.05;
/** The highest reading of the second half may be this much above that of the first, garbage included. */
const CEILING_TOLERANCE = 0.05;

/** How memory went after the warm-up; bytes. */
export interface Flatness {
  readonly fromStep: number;
  readonly toStep: number;
  readonly readings: number;
  /** Resident memory right after a collection: mean of the first and the last quarter. */
  readonly rssFirst: number;
  readonly rssLast: number;
  /** Least-squares slope of the same per 1,000 steps. */
  readonly rssSlope: number;
  /** What the heap holds then. */
  readonly heapFirst: number;
  readonly heapLast: number;
  /** Highest resident memory of the first and the second half, garbage included. */
  readonly ceilingFirst: number;
  readonly ceilingLast: number;
  readonly tensorsMin: number;
  readonly tensorsMax: number;
  readonly isFlat: boolean;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Least-squares slope of y over x. Σ(x − x̄)(y − ȳ) / Σ(x − x̄)² */
function slope(xs: readonly number[], ys: readonly number[]): number {
  const [xMean, yMean] = [mean(xs), mean(ys)];
  const products = xs.map((x, i) => (x - xMean) * (ys[i]! - yMean));
  const squares = xs.map((x) => (x - xMean) ** 2);
  return mean(products) / mean(squares);
}

/** Means of the first and the last quarter. */
function quarters(values: readonly number[]): readonly [first: number, last: number] {
  const size = Math.max(1, Math.floor(values.length / 4));
  return [mean(values.slice(0, size)), mean(values.slice(-size))];
}

/** Highest of the first and of the second half. */
function ceilings(values: readonly number[]): readonly [first: number, last: number] {
  const half = Math.ceil(values.length / 2);
  return [Math.max(...values.slice(0, half)), Math.max(...values.slice(half))];
}

/**
 * Judges the readings of one process. Live tensors must not change; memory after collections must not grow by more
 * than 2%, of it V8's heap by 5%; the highest reading of the second half must be within 5% of that of the first.
 */
export function judgeFlatness(readings: readonly MemoryReading[]): Flatness {
  const [start, end] = [readings[0]!, readings.at(-1)!];
  const warm = start.step + (end.step - start.step) * WARM_UP_SHARE;
  const settled = readings.filter(({ step }) => step >= warm);
  const collected = settled.filter((reading) => reading.collected !== undefined);
  const resident = collected.map((reading) => reading.collected!.rss);
  const [rssFirst, rssLast] = quarters(resident);
  const [heapFirst, heapLast] = quarters(collected.map((reading) => reading.collected!.heapUsed));
  const [ceilingFirst, ceilingLast] = ceilings(settled.map(({ rss }) => rss));
  const tensors = settled.map((reading) => reading.tensors);
  const [tensorsMin, tensorsMax] = [Math.min(...tensors), Math.max(...tensors)];
  const steps = collected.map(({ step }) => step);
  return {
    ...{ fromStep: settled[0]!.step, toStep: end.step, readings: settled.length },
    ...{ rssFirst, rssLast, rssSlope: slope(steps, resident) * 1000 },
    ...{ heapFirst, heapLast, ceilingFirst, ceilingLast, tensorsMin, tensorsMax },
    isFlat:
      tensorsMin === tensorsMax &&
      rssLast / rssFirst - 1 <= TOLERANCE &&
      heapLast / heapFirst - 1 <= HEAP_TOLERANCE &&
      ceilingLast / ceilingFirst - 1 <= CEILING_TOLERANCE,
  };
}
