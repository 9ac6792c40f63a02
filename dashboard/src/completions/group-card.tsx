import { useId, useState } from 'preact/hooks';
import type { CompletionView, GroupView } from '../../../src/server/api.ts';
import { count, formatNumber } from '../format.ts';
import { CompletionCard } from './completion-card.tsx';
import type { CompletionsView } from './completions-view.ts';
import { PromptHistory } from './prompt-history.tsx';
import { TextOrTurns } from './text-or-turns.tsx';

interface GroupCardProps {
  readonly runId: number;
  readonly group: GroupView;
  readonly rewardNames: readonly string[];
  readonly view: CompletionsView;
}

/** A prompt and what the policy answered, side by side. */
export function GroupCard({ runId, group, rewardNames, view }: GroupCardProps) {
  const [showsHistory, setShowsHistory] = useState(false);
  const title = useId();
  return (
    <section class="group-card" aria-labelledby={title}>
      <header>
        <h2 id={title}>Example {group.example}</h2>
        <p>{describe(group)}</p>
        <button
          type="button"
          class="button"
          aria-expanded={showsHistory}
          onClick={() => setShowsHistory(!showsHistory)}
        >
          Compare with other steps
        </button>
      </header>
      <div class="prompt">
        <TextOrTurns text={group.prompt} turns={group.promptTurns} />
      </div>
      {showsHistory && <PromptHistory runId={runId} group={group} kind={view.kind} />}
      <ol class="completion-grid">
        {ordered(group.completions, view.order).map((completion) => (
          <CompletionCard
            key={completion.index}
            runId={runId}
            step={group.step}
            completion={completion}
            rewardNames={rewardNames}
            colour={view.colour}
          />
        ))}
      </ol>
    </section>
  );
}

function ordered(
  completions: readonly CompletionView[],
  order: CompletionsView['order'],
): readonly CompletionView[] {
  if (order === 'drawn') return completions;
  const value = ({ reward }: CompletionView) => reward ?? Number.NEGATIVE_INFINITY;
  return completions.toSorted((left, right) => value(right) - value(left));
}

/** `4 completions · rewards 0 to 1, mean 0.5`, and that all are equal where nothing can be learned. */
function describe({ completions, size }: GroupView): string {
  const shown = completions.length === size ? '' : ` of ${size}`;
  const rewards = completions.flatMap(({ reward }) => (reward === null ? [] : [reward]));
  const counted = `${count(completions.length, 'completion')}${shown}`;
  if (rewards.length === 0) return `${counted} · no reward`;
  const [low, high] = [Math.min(...rewards), Math.max(...rewards)];
  if (low === high && rewards.length > 1)
    return `${counted} · all of reward ${formatNumber(low)}: nothing to learn from`;
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
  return `${counted} · rewards ${formatNumber(low)} to ${formatNumber(high)}, mean ${formatNumber(mean)}`;
}
