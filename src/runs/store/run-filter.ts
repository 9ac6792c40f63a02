import type { RunFilter, StoredRun } from './stored-run.ts';

/** Whether a run is among those asked for. */
export function passes(run: StoredRun, { state, trainer, tag, paper, name }: RunFilter): boolean {
  return (
    (state === undefined || run.state === state) &&
    (trainer === undefined || run.trainer === trainer) &&
    (tag === undefined || run.tags.includes(tag)) &&
    (paper === undefined || run.paper === paper) &&
    (name === undefined || run.name.toLowerCase().includes(name.toLowerCase()))
  );
}
