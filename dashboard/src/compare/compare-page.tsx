import { useState } from 'preact/hooks';
import { api } from '../api.ts';
import type { Range } from '../charts/curve.ts';
import { Empty } from '../components/empty.tsx';
import { ProblemNotice } from '../components/problem.tsx';
import { useLive } from '../live.ts';
import { setQuery } from '../router.ts';
import { useResource } from '../use-resource.ts';
import { CompareControls } from './compare-controls.tsx';
import { type CompareView, viewOf } from './compare-view.ts';
import './compare.css';
import { ComparisonChart } from './comparison-chart.tsx';
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
        <ComparisonChart compared={compared.value} view={view} range={range} onZoom={setRange} />
      )}
      <OptionsThatDiffer runs={runs} />
    </>
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
