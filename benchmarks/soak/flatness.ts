import type { MemoryReading } from './messages.ts';

/** Readings before this share of the steps are warm-up: allocators and the compiler settle. */
const WARM_UP_SHARE = 0.15;
/** Resident memory may end this much above where the warm-up left it. */
const TOLERANCE = 0.02;
/** What the heap holds, of which two readings are compared, may vary by more. */
const HELD_TOLERANCE = 0.05;

/** How memory went after the warm-up. */
export interface Flatness {
  readonly fromStep: number;
  readonly toStep: number;
  readonly readings: number;
  /** Mean resident memory of the first and the last tenth, bytes. */
  readonly rssFirst: number;
  readonly rssLast: number;
  readonly rssMax: number;
  /** Least-squares slope of resident memory, bytes per 1,000 steps. */
  readonly rssSlope: number;
  /** What V8's heap held after its last full collection, at the first and the last reading, bytes. */
  readonly heldFirst: number;
  readonly heldLast: number;
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

/**
 * Judges the readings of one process: live tensors must not change, resident memory not grow by more
 * than 2%, what the heap holds by no more than 5%.
 */
export function judgeFlatness(readings: readonly MemoryReading[]): Flatness {
  const [first, last] = [readings[0]!, readings.at(-1)!];
  const warm = first.step + (last.step - first.step) * WARM_UP_SHARE;
  const settled = readings.filter(({ step }) => step >= warm);
  const resident = settled.map(({ rss }) => rss);
  const tenth = Math.max(1, Math.floor(resident.length / 10));
  const [rssFirst, rssLast] = [mean(resident.slice(0, tenth)), mean(resident.slice(-tenth))];
  const [heldFirst, heldLast] = [settled[0]!.heapHeld, last.heapHeld];
  const tensors = settled.map((reading) => reading.tensors);
  const [tensorsMin, tensorsMax] = [Math.min(...tensors), Math.max(...tensors)];
  return {
    fromStep: settled[0]!.step,
    toStep: last.step,
    readings: settled.length,
    rssFirst,
    rssLast,
    rssMax: Math.max(...resident),
    rssSlope:
      slope(
        settled.map(({ step }) => step),
        resident,
      ) * 1000,
    heldFirst,
    heldLast,
    tensorsMin,
    tensorsMax,
    isFlat:
      tensorsMin === tensorsMax &&
      rssLast / rssFirst - 1 <= TOLERANCE &&
      heldLast / heldFirst - 1 <= HELD_TOLERANCE,
  };
}
