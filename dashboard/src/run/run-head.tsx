import type { RunPage } from '../../../src/server/api.ts';
import { formatAge, formatDate, formatDuration } from '../format.ts';
import { RunActions } from './run-actions.tsx';
import type { RunView } from './run-page.tsx';

type Part = RunView | 'completions';

interface RunHeadProps {
  readonly page: RunPage;
  readonly view: Part;
  readonly onChanged: () => void;
}

/** A run's name, state and parts; on top of each of its pages. */
export function RunHead({ page, view, onChanged }: RunHeadProps) {
  const { run } = page;
  return (
    <>
      <p class="breadcrumb">
        <a href="/runs">Runs</a> /
      </p>
      <div class="page-head run-head">
        <div class="run-title">
          <h1>{run.name}</h1>
          <Facts page={page} />
        </div>
        <RunActions page={page} onChanged={onChanged} />
      </div>
      <RunParts id={run.id} page={page} view={view} />
    </>
  );
}

function Facts({ page: { run, attempts } }: { page: RunPage }) {
  const { trainer, paper, recipe, parent, seed, createdAt, endedAt, updatedAt, reason } = run;
  const until = run.state === 'running' ? Date.now() : Date.parse(endedAt ?? updatedAt);
  const seconds = (until - Date.parse(createdAt)) / 1000;
  const facts = [
    trainer,
    paper && <a href={`/papers/${paper}`}>{paper}</a>,
    recipe,
    `seed ${seed}`,
    <time key="started" dateTime={createdAt} title={formatDate(createdAt)}>
      {formatAge(createdAt)}
    </time>,
    `${run.state === 'running' ? 'for' : 'took'} ${formatDuration(seconds)}`,
    attempts.length > 1 && `attempt ${attempts.length}`,
    parent && `from ${parent}`,
    run.state !== 'running' && run.state !== 'finished' && reason,
  ].filter(Boolean);
  return (
    <p class="facts">
      {facts.map((fact, index) => (
        <span key={index}>{fact}</span>
      ))}
    </p>
  );
}

function RunParts({ id, page, view }: { id: number; page: RunPage; view: Part }) {
  const attention = page.events.filter(({ kind }) => kind === 'alarm' || kind === 'warning').length;
  const parts: readonly (readonly [Part, string, string])[] = [
    ['charts', 'Charts', `/runs/${id}`],
    ['completions', 'Completions', `/runs/${id}/completions`],
    ['configuration', 'Configuration', `/runs/${id}?view=configuration`],
    ['timeline', 'Timeline', `/runs/${id}?view=timeline`],
  ];
  return (
    <nav class="run-parts" aria-label="Parts of the run">
      {parts.map(([part, name, href]) => (
        <a key={part} href={href} aria-current={part === view ? 'page' : undefined}>
          {name}
          {part === 'timeline' && attention > 0 && (
            <span class="badge">
              {attention}
              <span class="hidden-visually"> alarms and warnings</span>
            </span>
          )}
        </a>
      ))}
    </nav>
  );
}
