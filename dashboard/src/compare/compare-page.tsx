import { useMemo, useState } from 'preact/hooks';
import type { CompareResponse } from '../../../src/server/api.ts';
import { api } from '../api.ts';
import { hidesValues } from '../charts/chart-data.ts';
import type { Curve, Range } from '../charts/curve.ts';
import { CurveTable } from '../charts/curve-table.tsx';
import { type Reading, SeriesChart } from '../charts/series-chart.tsx';
import { summarize } from '../charts/summarize.ts';
import { Empty } from '../components/empty.tsx';
import { ProblemNotice } from '../components/problem.tsx';
import { useLive } from '../live.ts';
import { setQuery } from '../router.ts';
import { useResource } from '../use-resource.ts';
import { CompareControls } from './compare-controls.tsx';
import { type CompareView, viewOf } from './compare-view.ts';
import { curvesOf, runOf } from './compared-curves.ts';
import './compare.css';
import { Legend } from './legend.tsx';
import { OptionsThatDiffer } from './options-that-differ.tsx';

/** Several runs on one chart: by step, tokens, completions or time; smoothed, on a logarithm, as mean and band over seeds. */
export function ComparePage({ query }: { query: URLSearchParams }) {
  const view = viewOf(query);
  if (view.runs.length === 0) return <NothingChosen />;
  return <Comparison view={view} />;
}

function Comparison({ view: asked }: { view: CompareView }) {
  const [range, setRange] = useState<Range>();
  const { runs, x, isBanded } = asked;
  const keys = useResource(`keys ${runs}`, async (signal) => {
    const usual = { runs, key: 'reward', x: 'step', band: null } as const;
    return (await api.compare(usual, signal)).keys;
  });
  const key = asked.key || usualKey(keys.value ?? []);
  const view = { ...asked, key };
  const request = { runs, key, x, band: isBanded ? ('seed' as const) : null };
  const compared = useResource(
    JSON.stringify([request, range]),
    (signal) => api.compare({ ...request, from: range?.[0], to: range?.[1] }, signal),
    { keepValue: true },
  );
  useLive({
    hello: compared.reloadSoon,
    points: ({ runId }) => runs.includes(runId) && compared.reloadSoon(),
  });
  const change = (changes: Readonly<Record<string, string | null>>) => {
    if ('x' in changes || 'key' in changes) setRange(undefined);
    setQuery(changes);
  };
  return (
    <>
      <p class="breadcrumb">
        <a href="/runs">Runs</a> /
      </p>
      <div class="page-head">
        <h1>Comparison</h1>
      </div>
      <ProblemNotice error={compared.error} onRetry={compared.reload} />
      <CompareControls view={view} keys={compared.value?.keys ?? []} onChange={change} />
      {compared.value && (
        <ComparedCurves compared={compared.value} view={view} range={range} onZoom={setRange} />
      )}
      <OptionsThatDiffer runs={runs} />
    </>
  );
}

interface ComparedCurvesProps {
  readonly compared: CompareResponse;
  readonly view: CompareView;
  readonly range: Range | undefined;
  readonly onZoom: (range: Range | undefined) => void;
}

function ComparedCurves({ compared, view, range, onZoom }: ComparedCurvesProps) {
  const [reading, setReading] = useState<Reading>();
  const [highlighted, setHighlighted] = useState<ReadonlySet<string>>(new Set());
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const all = useMemo(() => curvesOf(compared, view.isBanded), [compared, view.isBanded]);
  const shown = useMemo(() => all.filter(({ id }) => !hidden.has(id)), [all, hidden]);
  const words = { unit: '', axis: view.x };
  return (
    <section class="panel compare-chart" aria-label={view.key}>
      {view.form === 'chart' ? (
        <SeriesChart
          curves={shown}
          unit=""
          axis={view.x}
          smoothing={view.smoothing}
          isLog={view.isLog}
          height={420}
          highlighted={highlighted}
          range={range}
          onZoom={onZoom}
          onRead={setReading}
          summary={`${view.key}. ${shown.map((curve) => summarize(curve, words)).join(' ')}`}
        />
      ) : (
        <CurveTable curves={shown} unit="" axis={view.x} height={420} />
      )}
      <ChartNote curves={shown} view={view} range={range} onZoom={onZoom} />
      <Legend
        curves={all}
        axis={view.x}
        reading={reading}
        hidden={hidden}
        onHide={setHidden}
        onHighlight={setHighlighted}
      />
    </section>
  );
}

const bandNote = 'Bands: mean ± one standard deviation over seeds. ';
const noBandNote = 'No two of these runs differ in the seed alone: there is no mean to draw. ';

function ChartNote({
  curves,
  view,
  range,
  onZoom,
}: {
  curves: readonly Curve[];
  view: CompareView;
  range: Range | undefined;
  onZoom: ComparedCurvesProps['onZoom'];
}) {
  const isEmpty = curves.every(({ x }) => x.length === 0);
  const hasBands = curves.some((curve) => runOf(curve) === undefined);
  return (
    <p class="chart-note">
      {isEmpty && `None of these runs has a value of ${view.key} here. `}
      {view.isLog && hidesValues(curves) && 'Values of 0 and below have no logarithm: not shown. '}
      {view.isBanded && (hasBands ? bandNote : noBandNote)}
      {range === undefined ? (
        'Drag to zoom, double-click to show all.'
      ) : (
        <button type="button" class="button" onClick={() => onZoom(undefined)}>
          Show all
        </button>
      )}
    </p>
  );
}

const usualKey = (keys: readonly string[]): string =>
  ['reward', 'eval_reward', 'loss'].find((key) => keys.includes(key)) ?? keys[0] ?? 'reward';

function NothingChosen() {
  return (
    <Empty title="Nothing to compare yet">
      <p>Select runs in the table by their boxes; “Compare” brings them here.</p>
      <p>
        <a class="button" href="/runs">
          Choose runs
        </a>
      </p>
    </Empty>
  );
}
