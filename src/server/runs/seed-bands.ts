import type { Band, ComparedSeries } from '../api.ts';
import { readOptions } from './run-options.ts';

/** Options that say which run it is, not how it trains. */
const personal = new Set(['seed', 'output_dir', 'run_name', 'resume_from_checkpoint']);

/** A run as its band sees it. */
export interface BandMember {
  readonly id: number;
  readonly name: string;
  readonly trainer: string;
  readonly seed: number;
  readonly folder: string;
}

/** The band of each run that has one, by run: runs of one trainer whose options differ in the seed alone, two at least. */
export function bandNames(runs: readonly BandMember[]): Map<number, string> {
  const alike = new Map<string, BandMember[]>();
  for (const run of runs) {
    const options = Object.entries(readOptions(run.folder)).filter(([key]) => !personal.has(key));
    const likeness = JSON.stringify([run.trainer, options.sort()]);
    alike.set(likeness, [...(alike.get(likeness) ?? []), run]);
  }
  const names = new Map<number, string>();
  for (const members of alike.values()) {
    if (members.length < 2) continue;
    const name = freeName(commonName(members), new Set(names.values()));
    for (const { id } of members) names.set(id, name);
  }
  return names;
}

/** What the names of runs begin with alike, without a number or sign at its end: `gsm8k-seed-0`, `gsm8k-seed-1` → `gsm8k-seed`. */
function commonName(runs: readonly BandMember[]): string {
  const [first = '', ...others] = runs.map(({ name }) => name);
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length).replace(/[-_.\s\d]+$/, '') || runs[0]!.trainer;
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name} (${number})`;
    if (!taken.has(candidate)) return candidate;
  }
}

/**
 * Mean and mean ± one standard deviation (with Bessel's correction) over the runs of each band, at the places of its longest
 * curve, where two runs or more have a value; between their points, runs are interpolated linearly.
 */
export function bandsOf(
  series: readonly ComparedSeries[],
  seeds: ReadonlyMap<number, number>,
): Band[] {
  const names = new Set(series.flatMap(({ band }) => (band === null ? [] : [band])));
  return [...names].flatMap((name) => {
    const members = series.filter(({ band, x }) => band === name && x.length > 0);
    return members.length < 2 ? [] : [bandOf(name, members, seeds)];
  });
}

function bandOf(
  name: string,
  members: readonly ComparedSeries[],
  seeds: ReadonlyMap<number, number>,
): Band {
  const longest = members.reduce((best, each) => (each.x.length > best.x.length ? each : best));
  const places = longest.x.flatMap((x) => {
    const values = members.flatMap((each) => valueAt(each, x) ?? []);
    return values.length < 2 ? [] : [{ x, ...spread(values) }];
  });
  return {
    name,
    runIds: members.map(({ runId }) => runId),
    seeds: members.map(({ runId }) => seeds.get(runId)!),
    x: places.map(({ x }) => x),
    mean: places.map(({ mean }) => mean),
    low: places.map(({ mean, deviation }) => mean - deviation),
    high: places.map(({ mean, deviation }) => mean + deviation),
  };
}

function spread(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/** A curve's value at a place within it. */
function valueAt({ x, y }: Pick<ComparedSeries, 'x' | 'y'>, at: number): number | undefined {
  const right = x.findIndex((each) => each >= at);
  if (right < 0 || at < x[0]!) return undefined;
  if (x[right] === at) return y[right];
  const share = (at - x[right - 1]!) / (x[right]! - x[right - 1]!);
  return y[right - 1]! * (1 - share) + y[right]! * share;
}
