import type { RunEvent, RunPage as RunPageData } from '../../../src/server/api.ts';
import { api } from '../api.ts';
import { LiveRegion } from '../components/live-region.tsx';
import { ProblemNotice } from '../components/problem.tsx';
import { count } from '../format.ts';
import { useLive } from '../live.ts';
import { useResource } from '../use-resource.ts';
import { ChartsView } from './charts-view.tsx';
import { ConfigView } from './config-view.tsx';
import { NotesPanel } from './notes-panel.tsx';
import './run.css';
import { RunHead } from './run-head.tsx';
import { SystemStrip } from './system-strip.tsx';
import { TimelineView } from './timeline-view.tsx';

/** One run: charts, configuration, timeline; stop and resume; notes and tags. */
export function RunPage({ id, query }: { id: number; query: URLSearchParams }) {
  const page = useResource(`run ${id}`, (signal) => api.run(id, signal), { delayMs: 1000 });
  useLive({
    hello: page.reloadSoon,
    'runs-changed': ({ ids }) => ids.includes(id) && page.reloadSoon(),
    'run-event': (event) => event.runId === id && page.reloadSoon(),
  });
  const { value } = page;
  return (
    <>
      <ProblemNotice error={page.error} onRetry={page.reload} />
      {value && (
        <>
          <RunHead page={value} view={viewName(query)} onChanged={page.reload} />
          <LiveRegion text={spoken(value)} />
          <View page={value} query={query} onChanged={page.reload} />
        </>
      )}
    </>
  );
}

/** The parts of a run's page, as the address names them. */
export type RunView = 'charts' | 'configuration' | 'timeline';

function viewName(query: URLSearchParams): RunView {
  const name = query.get('view');
  return name === 'configuration' || name === 'timeline' ? name : 'charts';
}

interface ViewProps {
  readonly page: RunPageData;
  readonly query: URLSearchParams;
  readonly onChanged: () => void;
}

function View({ page, query, onChanged }: ViewProps) {
  const view = viewName(query);
  if (view === 'configuration') return <ConfigView config={page.config} />;
  if (view === 'timeline') return <TimelineView page={page} />;
  return (
    <>
      <SystemStrip system={page.system} />
      <NotesPanel run={page.run} onSaved={onChanged} />
      <ChartsView page={page} query={query} />
    </>
  );
}

function spoken({ run, events }: RunPageData): string {
  const alarms = events.filter(({ kind }: RunEvent) => kind === 'alarm').length;
  const said = alarms === 0 ? '' : `, ${count(alarms, 'alarm')}`;
  return `${run.name}: ${run.state}, step ${run.step}${said}`;
}
