import type { PaperReport } from '../../papers/index.ts';
import type { StoredRun } from '../../runs/store/index.ts';
import type { PaperActivity, PaperResults, PaperView } from '../api.ts';

const RECENT_MS = 7 * 86_400_000;

/** A paper as the pages show it, with the runs here that belong to it. */
export function viewPaper(
  { results, ...paper }: PaperReport,
  runs: readonly StoredRun[],
  now = Date.now(),
): PaperView {
  const own = runs.filter((run) => run.paper === paper.name);
  return {
    ...paper,
    results: results === null ? null : viewResults(paper.name, results),
    activity: activityOf(own, now),
  };
}

function viewResults(
  name: string,
  { recordedAt, laurelVersion, command, headline, checks, plots, cells }: Results,
): PaperResults {
  const { planned, done, seconds } = cells;
  return {
    ...{ recordedAt, laurelVersion, command, headline, checks },
    plots: plots.map((plot) => ({ ...plot, url: `/api/papers/${name}/plots/${plot.file}` })),
    cells: { planned, done, seconds },
  };
}

type Results = NonNullable<PaperReport['results']>;

function activityOf(runs: readonly StoredRun[], now: number): PaperActivity {
  const times = runs.map(({ updatedAt }) => updatedAt).sort();
  return {
    runs: runs.length,
    running: runs.filter(({ state }) => state === 'running').length,
    recent: times.filter((time) => now - Date.parse(time) < RECENT_MS).length,
    lastAt: times.at(-1) ?? null,
  };
}
