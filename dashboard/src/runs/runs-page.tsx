import { useMemo, useState } from 'preact/hooks';
import type { RunRow } from '../../../src/server/api.ts';
import { api } from '../api.ts';
import { Empty } from '../components/empty.tsx';
import { LiveRegion } from '../components/live-region.tsx';
import { ProblemNotice } from '../components/problem.tsx';
import { count } from '../format.ts';
import { useLive } from '../live.ts';
import { setQuery, usePlace } from '../router.ts';
import { useResource } from '../use-resource.ts';
import { filterOf, isFiltering, passes } from './run-filter.ts';
import { RunFilters } from './run-filters.tsx';
import './runs.css';
import { RunsTable } from './runs-table.tsx';
import { SelectionBar } from './selection-bar.tsx';
import { sortingOf, sortingText, sortRuns } from './sort-runs.ts';

const noRuns: readonly RunRow[] = [];

/** Every run in a table that filters, sorts and selects what to compare. */
export function RunsPage() {
  const { value, error, reload, reloadSoon } = useResource('runs', api.runs);
  useLive({ hello: reloadSoon, 'runs-changed': reloadSoon, points: reloadSoon });
  const { query } = usePlace();
  const filter = filterOf(query);
  const sorting = sortingOf(query.get('sort'));
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const runs = value?.runs ?? noRuns;
  const text = query.toString();
  const shown = useMemo(
    () =>
      sortRuns(
        runs.filter((run) => passes(run, filter)),
        sorting,
      ),
    [runs, text], // Filter and sorting are what the text says.
  );
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Runs</h1>
          <p>{value && summary(runs)}</p>
        </div>
      </div>
      <LiveRegion text={value ? summary(runs) : ''} />
      <ProblemNotice error={error} onRetry={reload} />
      {value && runs.length === 0 && <NoRuns />}
      {runs.length > 0 && (
        <>
          <RunFilters runs={runs} filter={filter} shown={shown.length} />
          <RunsTable
            runs={shown}
            sorting={sorting}
            onSort={(next) => setQuery({ sort: sortingText(next) })}
            selected={selected}
            onSelect={setSelected}
          />
          {shown.length === 0 && isFiltering(filter) && <NoMatch />}
          <SelectionBar runs={runs} selected={selected} onClear={() => setSelected(new Set())} />
        </>
      )}
    </>
  );
}

function summary(runs: readonly RunRow[]): string {
  const running = runs.filter(({ state }) => state === 'running').length;
  return `${count(runs.length, 'run')}, ${running === 0 ? 'none' : running} running`;
}

function NoRuns() {
  return (
    <Empty title="No runs yet">
      <p>A run appears here as soon as it starts. This one trains a small model in a minute:</p>
      <code class="command">npm run quickstart</code>
      <p>
        Or your own: <code>npx laurel grpo --config recipes/gsm8k-grpo.yaml</code>
      </p>
    </Empty>
  );
}

function NoMatch() {
  return (
    <Empty title="No run passes these filters">
      <button
        type="button"
        class="button"
        onClick={() => setQuery({ text: null, state: null, trainer: null, tag: null, paper: null })}
      >
        Show all runs
      </button>
    </Empty>
  );
}
