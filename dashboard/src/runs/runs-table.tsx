import type { RunRow } from '../../../src/server/api.ts';
import { Sparkline } from '../components/sparkline.tsx';
import { StateBadge } from '../components/state-badge.tsx';
import { formatAge, formatDate, formatDuration, formatNumber, nothing } from '../format.ts';
import { durationOf, latestValue, nextSorting, type Sorting, type SortKey } from './sort-runs.ts';

interface RunsTableProps {
  readonly runs: readonly RunRow[];
  readonly sorting: Sorting;
  readonly onSort: (sorting: Sorting) => void;
  readonly selected: ReadonlySet<number>;
  readonly onSelect: (selected: ReadonlySet<number>) => void;
}

const columns: readonly (readonly [key: SortKey, name: string, className: string])[] = [
  ['state', 'State', ''],
  ['name', 'Run', ''],
  ['step', 'Step', 'wide number'],
  ['value', 'Reward or loss', 'number'],
  ['started', 'Started', 'wide'],
  ['duration', 'Took', 'wide number'],
];

/** The runs as a table: sortable by its heads, selectable by its boxes. */
export function RunsTable({ runs, sorting, onSort, selected, onSelect }: RunsTableProps) {
  return (
    <table class="runs-table">
      <caption class="hidden-visually">Runs; the heads of the columns sort them</caption>
      <thead>
        <tr>
          <th scope="col" class="select-cell">
            <span class="hidden-visually">Select</span>
          </th>
          {columns.map(([key, name, className]) => (
            <th
              key={key}
              scope="col"
              class={className}
              aria-sort={sorting.key === key ? sorting.order : undefined}
            >
              <button type="button" onClick={() => onSort(nextSorting(sorting, key))}>
                <span class="sort-head">
                  {name}
                  <span class="sort-sign" aria-hidden="true">
                    {sorting.key !== key ? '' : sorting.order === 'ascending' ? '↑' : '↓'}
                  </span>
                </span>
              </button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <Row
            key={run.id}
            run={run}
            isSelected={selected.has(run.id)}
            onToggle={() => onSelect(toggled(selected, run.id))}
          />
        ))}
      </tbody>
    </table>
  );
}

function toggled(selected: ReadonlySet<number>, id: number): ReadonlySet<number> {
  const next = new Set(selected);
  if (!next.delete(id)) next.add(id);
  return next;
}

interface RowProps {
  readonly run: RunRow;
  readonly isSelected: boolean;
  readonly onToggle: () => void;
}

function Row({ run, isSelected, onToggle }: RowProps) {
  const { id, name, trainer, paper, recipe, tags, createdAt } = run;
  const origin = [trainer, paper ?? recipe].filter(Boolean).join(' · ');
  return (
    <tr aria-selected={isSelected} data-run={name}>
      <td class="select-cell">
        <label>
          <span class="hidden-visually">Select {name}</span>
          <input type="checkbox" checked={isSelected} onChange={onToggle} />
        </label>
      </td>
      <td>
        <StateBadge state={run.state} title={run.reason ?? undefined} />
      </td>
      <th scope="row">
        <a class="run-name" href={`/runs/${id}`} title={name}>
          {name}
        </a>
        <span class="run-origin">
          <span>
            <span class="narrow">{run.state} · </span>
            {origin}
            <span class="narrow"> · {formatAge(createdAt)}</span>
          </span>
          {tags.map((tag) => (
            <span key={tag} class="tag">
              {tag}
            </span>
          ))}
        </span>
      </th>
      <td class="wide number">
        <Progress run={run} />
      </td>
      <td class="number value-cell">
        <div>
          <Sparkline values={run.sparkline} name={run.sparklineKey} />
          <span title={run.sparklineKey ?? undefined}>{formatNumber(latestValue(run))}</span>
        </div>
      </td>
      <td class="wide">
        <time dateTime={createdAt} title={formatDate(createdAt)}>
          {formatAge(createdAt)}
        </time>
      </td>
      <td class="wide number">{formatDuration(durationOf(run))}</td>
    </tr>
  );
}

function Progress({ run: { step, totalSteps, state } }: { run: RunRow }) {
  const total = totalSteps === null ? '' : ` / ${totalSteps.toLocaleString('en')}`;
  if (step === 0 && totalSteps === null) return <>{nothing}</>;
  return (
    <>
      {step.toLocaleString('en')}
      <span class="run-total">{total}</span>
      {state === 'running' && totalSteps !== null && (
        <progress max={totalSteps} value={step} aria-hidden="true" />
      )}
    </>
  );
}
