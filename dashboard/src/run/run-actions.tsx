import { useEffect, useRef, useState } from 'preact/hooks';
import type { RunPage } from '../../../src/server/api.ts';
import { type ApiError, api } from '../api.ts';
import { ConfirmDialog } from '../components/confirm-dialog.tsx';
import { type ShownState, StateBadge } from '../components/state-badge.tsx';

/** What was asked of the run and has not happened yet. */
type Pending = 'stopping' | 'resuming';

const patienceMs = 20_000;

const promises: Record<Pending, string> = {
  stopping: 'Stopping: saving a checkpoint…',
  resuming: 'Resuming: a new process loads the checkpoint…',
};

interface RunActionsProps {
  readonly page: RunPage;
  readonly onChanged: () => void;
}

/** State and progress with the buttons that stop and resume; what was asked is shown as such until the run itself shows it. */
export function RunActions({ page, onChanged }: RunActionsProps) {
  const { run, stop, resume, checkpoints } = page;
  const { pending, isLate, error, ask } = usePending(page, onChanged);
  const dialog = useRef<HTMLDialogElement>(null);
  const isRunning = run.state === 'running';
  const action = isRunning ? stop : resume;
  return (
    <div class="run-actions">
      <div class="run-state" role="status">
        <StateBadge state={(pending ?? run.state) satisfies ShownState} />
        <Steps step={run.step} total={run.totalSteps} />
        {pending && <p>{isLate ? late(pending, run.folder) : promises[pending]}</p>}
        {error && <p class="action-problem">{error.message}</p>}
        {!pending && isRunning && stop.reason && <p>{stop.reason}</p>}
      </div>
      {(isRunning || run.state === 'interrupted' || run.state === 'failed' || resume.available) && (
        <button
          type="button"
          class="button"
          disabled={!action.available || pending !== undefined}
          title={action.reason ?? undefined}
          onClick={() => dialog.current?.showModal()}
        >
          {isRunning ? 'Stop' : 'Resume'}
        </button>
      )}
      <ConfirmDialog
        dialog={dialog}
        title={isRunning ? `Stop ${run.name}?` : `Resume ${run.name}?`}
        confirm={isRunning ? 'Stop the run' : 'Resume the run'}
        cancel={isRunning ? 'Keep it running' : 'Leave it'}
        isDangerous={isRunning}
        onConfirm={() => ask(isRunning ? 'stopping' : 'resuming')}
      >
        {isRunning
          ? 'It finishes the step it is at and saves a checkpoint, from which it can be resumed.'
          : `A new process on this machine continues from the checkpoint of step ${checkpoints.at(-1) ?? 0}, with the command that the run was started with. What was logged past that step is replaced.`}
      </ConfirmDialog>
    </div>
  );
}

function Steps({ step, total }: { step: number; total: number | null }) {
  if (total === null) return <span class="run-steps">step {step.toLocaleString('en')}</span>;
  return (
    <span class="run-steps">
      step {step.toLocaleString('en')} of {total.toLocaleString('en')}
      <progress max={total} value={Math.min(step, total)} aria-hidden="true" />
    </span>
  );
}

const late = (pending: Pending, folder: string): string =>
  pending === 'stopping'
    ? 'Still stopping: a long step or a large checkpoint takes its time.'
    : `No process has taken the run up yet; what it printed is in ${folder}/console.log.`;

function usePending({ run }: RunPage, onChanged: () => void) {
  const [pending, setPending] = useState<Pending>();
  const [isLate, setLate] = useState(false);
  const [error, setError] = useState<ApiError>();
  const isDone = pending === 'stopping' ? run.state !== 'running' : run.state === 'running';
  useEffect(() => {
    if (pending === undefined) return;
    if (isDone) return setPending(undefined);
    const timer = setTimeout(() => setLate(true), patienceMs);
    return () => clearTimeout(timer);
  }, [pending, isDone]);
  const ask = (what: Pending) => {
    setPending(what);
    setLate(false);
    setError(undefined);
    const request = what === 'stopping' ? api.stop(run.id) : api.resume(run.id);
    request.then(onChanged).catch((problem: ApiError) => {
      setPending(undefined);
      setError(problem);
    });
  };
  return { pending, isLate, error, ask };
}
