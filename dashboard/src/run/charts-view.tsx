import { useMemo, useState } from 'preact/hooks';
import type { RunPage, Series } from '../../../src/server/api.ts';
import type { Curve, Mark, Range } from '../charts/curve.ts';
import { MetricChart, type ChartsView as View } from '../charts/metric-chart.tsx';
import { axisOf, smoothingOf } from '../compare/compare-view.ts';
import { ChartControls } from './chart-controls.tsx';
import { MetricGroup } from './metric-group.tsx';
import { groupMetrics, headline } from './metric-groups.ts';
import { useRunSeries } from './use-run-series.ts';
import { loggedSteps, withGaps } from './with-gaps.ts';

/** A run's metrics as charts, grouped as the metric table groups them; all show the same part of the axis. */
export function ChartsView({ page, query }: { page: RunPage; query: URLSearchParams }) {
  const [range, setRange] = useState<Range>();
  const axis = axisOf(query.get('x'));
  const { run, metrics } = page;
  const keys = useMemo(() => metrics.map(({ key }) => key).sort(), [metrics.length]);
  const series = useRunSeries(run.id, { keys, x: axis, range });
  const curves = useMemo(() => toCurves(series.value), [series.value]);
  const marks = useMemo(() => (axis === 'step' ? marksOf(page) : []), [page, axis]);
  const live = metrics.map((each) => ({ ...each, last: series.latest.get(each.key) ?? each.last }));
  const view: View = {
    axis,
    smoothing: smoothingOf(query.get('smoothing')),
    isLog: query.get('log') === '1',
    range,
    onZoom: setRange,
  };
  if (metrics.length === 0) return <NothingLogged isRunning={run.state === 'running'} />;
  const first = headline(live);
  const wanted = (query.get('text') ?? '').toLowerCase();
  return (
    <>
      <ChartControls
        view={view}
        text={query.get('text') ?? ''}
        onAxis={() => setRange(undefined)}
      />
      {first && wanted === '' && (
        <div class="run-headline">
          <MetricChart
            metric={first}
            curve={curves.get(first.key)}
            marks={marks}
            view={view}
            height={280}
          />
        </div>
      )}
      {groupMetrics(live, wanted).map((group) => (
        <MetricGroup key={group.name} group={group} curves={curves} marks={marks} view={view} />
      ))}
    </>
  );
}

function NothingLogged({ isRunning }: { isRunning: boolean }) {
  return (
    <p class="nothing">
      {isRunning
        ? 'Nothing logged yet: the first values come with the first step that logs.'
        : 'This run ended before it logged anything; the timeline says why.'}
    </p>
  );
}

function toCurves(series: ReadonlyMap<string, Series> | undefined): ReadonlyMap<string, Curve> {
  const all = series ?? new Map<string, Series>();
  const steps = loggedSteps(all.values());
  const curves = [...all].map(([key, each]): [string, Curve] => {
    const { x, y, min, max } = withGaps(each, steps);
    return [key, { id: key, name: key, x, y, min, max, colour: 0 }];
  });
  return new Map(curves);
}

function marksOf({ events, attempts }: RunPage): readonly Mark[] {
  const said = events.flatMap(({ kind, step, message }): Mark[] =>
    kind === 'alarm' || kind === 'warning' ? [{ kind, x: step, label: message }] : [],
  );
  const starts = attempts
    .slice(1)
    .map(
      ({ number, fromStep }): Mark => ({ kind: 'start', x: fromStep, label: `Attempt ${number}` }),
    );
  return [...starts, ...said];
}
