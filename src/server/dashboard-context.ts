import type { ConfigSchema } from '../config/index.ts';
import type { StoredRun } from '../runs/store/index.ts';
import type { RunController } from './actions/run-controller.ts';
import type { CompletionLibrary } from './completions/completion-library.ts';
import type { TokenLibrary } from './completions/token-library.ts';
import { HttpProblem } from './http-problem.ts';
import type { LiveFeed } from './live/live-feed.ts';
import type { OpenStore } from './open-store.ts';

/** What the routes work with. */
export interface DashboardContext {
  readonly store: OpenStore;
  /** Schemas of the trainers whose options can be explained, and whose runs can be resumed, by name. */
  readonly schemas: ReadonlyMap<string, ConfigSchema>;
  readonly completions: CompletionLibrary;
  readonly tokens: TokenLibrary;
  readonly feed: LiveFeed;
  readonly controller: RunController;
}

/** @throws HttpProblem where there is no such run. */
export function requireRun({ store }: Pick<DashboardContext, 'store'>, id: number): StoredRun {
  const run = store.current.run(id);
  if (run === undefined)
    throw new HttpProblem(404, `there is no run number ${id}; it may have been deleted`);
  return run;
}
