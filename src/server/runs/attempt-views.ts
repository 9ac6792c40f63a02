import type { Attempt } from '../../runs/index.ts';
import type { AttemptView } from '../api.ts';

/** A run's attempts as the page shows them. */
export function attemptViews(attempts: readonly Attempt[]): AttemptView[] {
  return attempts.map((attempt, index) => ({
    number: index + 1,
    startedAt: attempt.startedAt,
    endedAt: attempt.endedAt ?? null,
    outcome: attempt.outcome ?? null,
    reason: attempt.reason ?? null,
    fromStep: attempt.fromStep,
    lastStep: attempt.lastStep ?? null,
    host: attempt.host,
    pid: attempt.pid,
    commit: attempt.gitRevision?.commit ?? null,
    hasLocalChanges: attempt.gitRevision?.hasLocalChanges ?? false,
    command: attempt.command,
    fingerprint: attempt.fingerprint,
  }));
}
