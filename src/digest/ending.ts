import type { StoredRun } from '../runs/store/stored-run.ts';

/** When a run ended, or when its vanished process last wrote. */
export const endTime = ({ endedAt, updatedAt }: StoredRun): string => endedAt ?? updatedAt;

/**
 * Names an ending: a run that is resumed and ends again, ends anew. Null while it runs. Runs are known by their folder,
 * which outlives the numbers of the run database.
 */
export const endingOf = (run: StoredRun): string | null =>
  run.state === 'running' ? null : `${run.state} ${endTime(run)}`;
