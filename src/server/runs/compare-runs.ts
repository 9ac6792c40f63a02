import type { StoredRun } from '../../runs/store/index.ts';
import type { ComparedSeries, CompareResponse, XAxis } from '../api.ts';
import type { OpenStore } from '../open-store.ts';
import { bandNames, bandsOf } from './seed-bands.ts';

export interface Comparison {
  readonly key: string;
  readonly x: XAxis;
  readonly points: number;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly band: 'seed' | 'none';
}

/** One metric of several runs, and its mean and spread over seeds where asked for. */
export function compareRuns(
  runs: readonly StoredRun[],
  { current: store }: OpenStore,
  { key, x, points, from, to, band }: Comparison,
): CompareResponse {
  const names = bandNames(runs);
  const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  const series = runs.flatMap(({ id, name }): ComparedSeries[] =>
    store
      .series(id, { keys: [key], x, maxPoints: points, ...range })
      .map((each) => ({ ...each, runId: id, name, band: names.get(id) ?? null })),
  );
  const keys = [...new Set(runs.flatMap(({ id }) => store.metricKeys(id)))].sort();
  if (band === 'none') return { series, keys };
  const seeds = new Map(runs.map(({ id, seed }) => [id, seed]));
  return { series, keys, bands: bandsOf(series, seeds) };
}
