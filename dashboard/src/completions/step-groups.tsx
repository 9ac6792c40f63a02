import type { StoredRun } from '../../../src/server/api.ts';
import { api } from '../api.ts';
import { ProblemNotice } from '../components/problem.tsx';
import { count } from '../format.ts';
import { setQuery } from '../router.ts';
import { useResource } from '../use-resource.ts';
import { CompletionFilters } from './completion-filters.tsx';
import { type CompletionsView, pageSize } from './completions-view.ts';
import { GroupCard } from './group-card.tsx';
import { TokenLegend } from './token-legend.tsx';

interface StepGroupsProps {
  readonly run: StoredRun;
  readonly step: number;
  readonly view: CompletionsView;
  readonly hasTokens: boolean;
}

/** The groups of one step that pass the filter, a page at a time. */
export function StepGroups({ run, step, view, hasTokens }: StepGroupsProps) {
  const { kind, text, finish, minReward, maxReward, offset } = view;
  const request = {
    kind,
    q: text || null,
    finish: finish || null,
    minReward: minReward || null,
    maxReward: maxReward || null,
    offset,
    limit: pageSize,
  };
  const groups = useResource(
    JSON.stringify([run.id, step, request]),
    (signal) => api.completions(run.id, step, request, signal),
    { keepValue: true },
  );
  const { value } = groups;
  return (
    <>
      <CompletionFilters view={view} hasTokens={hasTokens} />
      {view.colour !== 'none' && <TokenLegend mode={view.colour} />}
      <ProblemNotice error={groups.error} onRetry={groups.reload} />
      <p class="group-count" role="status">
        {value &&
          `${count(value.completions, 'completion')} of ${count(value.total, 'prompt')} at step ${value.step}`}
      </p>
      {value?.groups.map((group) => (
        <GroupCard
          key={`${group.step}-${group.index}`}
          runId={run.id}
          group={group}
          rewardNames={value.rewardNames}
          view={view}
        />
      ))}
      {value && <Pages offset={offset} total={value.total} />}
    </>
  );
}

function Pages({ offset, total }: { offset: number; total: number }) {
  if (total <= pageSize && offset === 0) return null;
  const go = (to: number) => {
    setQuery({ offset: to === 0 ? null : String(to) });
    document.querySelector('.group-count')?.scrollIntoView({ block: 'center' });
  };
  return (
    <nav class="pages" aria-label="Pages of prompts">
      <button
        type="button"
        class="button"
        disabled={offset === 0}
        onClick={() => go(Math.max(0, offset - pageSize))}
      >
        Previous
      </button>
      <span>
        Prompts {offset + 1} to {Math.min(offset + pageSize, total)} of {total}
      </span>
      <button
        type="button"
        class="button"
        disabled={offset + pageSize >= total}
        onClick={() => go(offset + pageSize)}
      >
        Next
      </button>
    </nav>
  );
}
