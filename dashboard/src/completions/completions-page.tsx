import type { CompletionSteps, RunPage } from '../../../src/server/api.ts';
import { api } from '../api.ts';
import { Empty } from '../components/empty.tsx';
import { LiveRegion } from '../components/live-region.tsx';
import { ProblemNotice } from '../components/problem.tsx';
import { useLive } from '../live.ts';
import { RunHead } from '../run/run-head.tsx';
import '../run/run.css';
import { useResource } from '../use-resource.ts';
import './completions.css';
import { completionsViewOf } from './completions-view.ts';
import { StepGroups } from './step-groups.tsx';
import { StepNavigator } from './step-navigator.tsx';

/** What the policy wrote: every prompt's group side by side, step by step. */
export function CompletionsPage({ id, query }: { id: number; query: URLSearchParams }) {
  const view = completionsViewOf(query);
  const page = useResource(`run ${id}`, (signal) => api.run(id, signal), { delayMs: 1500 });
  const steps = useResource(
    `steps ${id} ${view.kind}`,
    (signal) => api.completionSteps(id, view.kind, signal),
    { delayMs: 1500 },
  );
  useLive({
    hello: steps.reloadSoon,
    'runs-changed': ({ ids }) => {
      if (!ids.includes(id)) return;
      page.reloadSoon();
      steps.reloadSoon();
    },
  });
  if (page.value === undefined) return <ProblemNotice error={page.error} onRetry={page.reload} />;
  const step = chosenStep(steps.value, view.step);
  return (
    <>
      <RunHead page={page.value} view="completions" onChanged={page.reload} />
      <ProblemNotice error={steps.error} onRetry={steps.reload} />
      {steps.value && (
        <StepNavigator steps={steps.value} step={step} isFixed={view.step !== null} />
      )}
      <LiveRegion text={step === undefined ? '' : `Completions of step ${step}`} />
      {step !== undefined && steps.value && (
        <StepGroups
          run={page.value.run}
          step={step}
          view={view}
          hasTokens={steps.value.tokenSteps.includes(step)}
        />
      )}
      {steps.value?.steps.length === 0 && <NothingWritten page={page.value} kind={view.kind} />}
    </>
  );
}

/** The step of the address where it has completions, else the newest. */
function chosenStep(steps: CompletionSteps | undefined, wanted: number | null): number | undefined {
  if (steps === undefined) return undefined;
  return wanted !== null && steps.steps.includes(wanted) ? wanted : steps.steps.at(-1);
}

function NothingWritten({ page: { run }, kind }: { page: RunPage; kind: string }) {
  if (run.trainer !== 'grpo' && kind === 'train') {
    return (
      <Empty title="This trainer samples nothing">
        <p>
          A {run.trainer} run learns from given texts. Runs by reward (<code>laurel grpo</code>)
          store what the policy wrote.
        </p>
      </Empty>
    );
  }
  return (
    <Empty title={kind === 'eval' ? 'No evaluation has stored completions' : 'No completions yet'}>
      <p>
        They are stored every <code>log_completions_steps</code> steps while the run lasts.
      </p>
    </Empty>
  );
}
