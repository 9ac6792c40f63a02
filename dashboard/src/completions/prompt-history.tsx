import { useState } from 'preact/hooks';
import type { CompletionKind, GroupView } from '../../../src/server/api.ts';
import { api } from '../api.ts';
import { ProblemNotice } from '../components/problem.tsx';
import { formatNumber } from '../format.ts';
import { useResource } from '../use-resource.ts';
import { sharedWords, wordDiff } from './word-diff.ts';

interface PromptHistoryProps {
  readonly runId: number;
  readonly group: GroupView;
  readonly kind: CompletionKind;
}

/** The same prompt at two steps: what the policy says now that it did not say then, word by word. */
export function PromptHistory({ runId, group, kind }: PromptHistoryProps) {
  const history = useResource(`prompt ${runId} ${group.example} ${kind}`, (signal) =>
    api.prompt(runId, group.example, kind, signal),
  );
  const groups = history.value?.groups;
  if (groups === undefined) return <ProblemNotice error={history.error} onRetry={history.reload} />;
  if (groups.length < 2)
    return (
      <p class="nothing">
        This prompt was stored at one step only: there is nothing to compare with.
      </p>
    );
  return <Difference groups={groups} now={group.step} />;
}

function Difference({ groups, now }: { groups: readonly GroupView[]; now: number }) {
  const [from, setFrom] = useState(groups.find(({ step }) => step !== now)!.step);
  const [to, setTo] = useState(now);
  const [place, setPlace] = useState(0);
  const [before, after] = [from, to].map((step) => groups.find((group) => group.step === step));
  const size = Math.min(before?.completions.length ?? 0, after?.completions.length ?? 0);
  const shown = Math.min(place, size - 1);
  return (
    <section class="panel history" aria-label="Comparison over steps">
      <div class="toolbar">
        <StepSelect label="From step" groups={groups} value={from} onChange={setFrom} />
        <StepSelect label="To step" groups={groups} value={to} onChange={setTo} />
        <label class="field">
          <span>Completion</span>
          <select
            value={shown}
            onChange={({ currentTarget }) => setPlace(Number(currentTarget.value))}
          >
            {Array.from({ length: size }, (_, index) => (
              <option key={index} value={index}>
                {index + 1}
              </option>
            ))}
          </select>
        </label>
      </div>
      {size > 0 && (
        <Words before={before!.completions[shown]!} after={after!.completions[shown]!} />
      )}
    </section>
  );
}

type Completion = GroupView['completions'][number];

function Words({ before, after }: { before: Completion; after: Completion }) {
  const parts = wordDiff(before.text, after.text);
  return (
    <>
      <p class="history-facts">
        Reward {formatNumber(before.reward)} → {formatNumber(after.reward)} ·{' '}
        {Math.round(sharedWords(parts) * 100)}% of words shared · <del>struck</del> was said before,{' '}
        <ins>underlined</ins> is said now
      </p>
      <p class="plain-text diff">
        {parts.map(({ kind, text }, index) => {
          const key = `${index}`;
          if (kind === 'same') return text;
          return kind === 'added' ? <ins key={key}>{text}</ins> : <del key={key}>{text}</del>;
        })}
      </p>
    </>
  );
}

interface StepSelectProps {
  readonly label: string;
  readonly groups: readonly GroupView[];
  readonly value: number;
  readonly onChange: (step: number) => void;
}

function StepSelect({ label, groups, value, onChange }: StepSelectProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={({ currentTarget }) => onChange(Number(currentTarget.value))}>
        {groups.map(({ step }) => (
          <option key={step} value={step}>
            {step}
          </option>
        ))}
      </select>
    </label>
  );
}
