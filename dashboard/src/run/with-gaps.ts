import type { Series } from '../../../src/server/api.ts';

/** A series whose values may be missing: the line breaks at null. */
export interface GappedSeries extends Omit<Series, 'y'> {
  readonly y: readonly (number | null)[];
}

/**
 * A series with a gap at each step that others have and it has not: the store keeps finite values alone, and a line
 * drawn across a value that was not finite would hide that. A series that has fewer than half of the steps is logged
 * now and then, as evaluations are, and one with merged points has no single steps: both stay as they are.
 */
export function withGaps(series: Series, steps: readonly number[]): GappedSeries {
  const { x, y, min } = series;
  if (min !== undefined || x.length === 0) return series;
  const values = new Map(x.map((step, index) => [step, y[index]!]));
  const inside = steps.filter((step) => step >= x[0]! && step <= steps.at(-1)!);
  const places = [...new Set([...inside, ...x])].sort((left, right) => left - right);
  if (places.length === x.length || x.length < places.length / 2) return series;
  return { ...series, x: places, y: places.map((step) => values.get(step) ?? null) };
}

/** The steps of the series that has most of them, points of which are not merged. */
export function loggedSteps(all: Iterable<Series>): readonly number[] {
  let longest: readonly number[] = [];
  for (const { x, min } of all) if (min === undefined && x.length > longest.length) longest = x;
  return longest;
}
