import { useEffect, useMemo, useState } from 'preact/hooks';
import type { MetricsLine, Series, XAxis } from '../../../src/server/api.ts';
import { api } from '../api.ts';
import type { Range } from '../charts/curve.ts';
import { useLive } from '../live.ts';
import { type Resource, useResource } from '../use-resource.ts';
import { appendLines } from './append-lines.ts';

interface SeriesRequest {
  readonly keys: readonly string[];
  readonly x: XAxis;
  readonly range: Range | undefined;
}

/** Once so many points came in, the server merges them anew. */
const mostAppended = 300;

/**
 * A run's curves, live. Over steps, new lines are put to the curves as they come; over another axis, or zoomed, the
 * curves are fetched again, since a line does not tell its place there.
 */
export function useRunSeries(
  id: number,
  { keys, x, range }: SeriesRequest,
): Resource<ReadonlyMap<string, Series>> & { readonly latest: ReadonlyMap<string, number | null> } {
  const resource = useResource(
    JSON.stringify([id, keys, x, range]),
    async (signal) => {
      if (keys.length === 0) return [];
      const query = { keys, x, from: range?.[0], to: range?.[1], points: 600 };
      return (await api.series(id, query, signal)).series;
    },
    { keepValue: true, delayMs: 1500 },
  );
  const [lines, setLines] = useState<readonly MetricsLine[]>([]);
  useEffect(() => setLines([]), [resource.value]); // What was fetched has what came in before.
  useLive({
    hello: ({ resumed }) => !resumed && resource.reloadSoon(),
    'runs-changed': ({ refetch }) => refetch.includes(id) && resource.reloadSoon(),
    points: (event) => {
      if (event.runId !== id) return;
      setLines((old) => [...old, ...event.lines]);
      if (x !== 'step' || range !== undefined || lines.length > mostAppended) resource.reloadSoon();
    },
  });
  const appends = x === 'step' && range === undefined;
  const value = useMemo(() => {
    const series = resource.value ?? [];
    const shown = appends ? series.map((each) => appendLines(each, lines)) : series;
    return new Map(shown.map((each) => [each.key, each]));
  }, [resource.value, lines, appends]);
  const latest = useMemo(
    () => new Map(lines.flatMap(({ metrics }) => Object.entries(metrics))),
    [lines],
  );
  return { ...resource, value, latest };
}
