import { join } from 'node:path';
import { listCheckpoints } from '../../checkpoints/index.ts';
import type { ConfigSchema } from '../../config/index.ts';
import type { Attempt } from '../../runs/index.ts';
import type { StoredRun } from '../../runs/store/index.ts';
import type { RunPage } from '../api.ts';
import type { DashboardContext } from '../dashboard-context.ts';
import { attemptViews } from './attempt-views.ts';
import { configEntries } from './config-entries.ts';
import { metricViews } from './metric-views.ts';
import { readOptions } from './run-options.ts';
import { systemFigures } from './system-figures.ts';

/** Everything on a run's page but its curves. */
export function runPage(run: StoredRun, { store, schemas, controller }: DashboardContext): RunPage {
  const attempts = store.current.attempts(run.id);
  return {
    run,
    attempts: attemptViews(attempts),
    config: configEntries(readOptions(run.folder), schemaOf(run, attempts, schemas)),
    metrics: metricViews(store.current.metricKeys(run.id), run.latest),
    events: store.current.events(run.id),
    system: systemFigures(run.latest),
    checkpoints: listCheckpoints(join(run.folder, 'checkpoints')).map(({ step }) => step),
    stop: controller.canStop(run),
    resume: controller.canResume(run, attempts),
  };
}

/** Of the command that started it, which may be a paper's; else of its trainer. */
function schemaOf(
  { trainer }: StoredRun,
  attempts: readonly Attempt[],
  schemas: DashboardContext['schemas'],
): ConfigSchema | undefined {
  return schemas.get(attempts.at(-1)?.command[1] ?? '') ?? schemas.get(trainer);
}
