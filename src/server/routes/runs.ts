import { Hono } from 'hono';
import { z } from 'zod';
import type {
  AnnotationsResponse,
  CompareResponse,
  RunPage,
  RunsResponse,
  SeriesResponse,
} from '../api.ts';
import { type DashboardContext, requireRun } from '../dashboard-context.ts';
import type { ServerEnvironment } from '../environment.ts';
import { HttpProblem } from '../http-problem.ts';
import {
  bodyOf,
  numberIn,
  queryOf,
  writtenInteger,
  writtenList,
  writtenNumber,
} from '../request-parts.ts';
import { compareRuns } from '../runs/compare-runs.ts';
import { runPage } from '../runs/run-page.ts';
import { RunTable } from '../runs/run-table.ts';

const MOST_POINTS = 5000;

const axisQuery = {
  x: z.enum(['step', 'tokens', 'completions', 'time']).default('step'),
  from: writtenNumber.optional(),
  to: writtenNumber.optional(),
  points: writtenInteger(3, MOST_POINTS).default(600),
};

const seriesQuery = z.strictObject({ ...axisQuery, keys: writtenList(100) });

const compareQuery = z.strictObject({
  ...axisQuery,
  key: z.string().min(1).max(200),
  runs: writtenList(100).pipe(z.array(writtenInteger(1, 9_999_999_999))),
  band: z.enum(['seed', 'none']).default('none'),
});

const annotationsBody = z.strictObject({
  name: z.string().min(1).max(200).optional(),
  notes: z.string().max(20_000).optional(),
  tags: z.array(z.string().min(1).max(100)).max(50).optional(),
});

/** Runs, their curves and what people say of them. */
export function runRoutes(dashboard: DashboardContext): Hono<ServerEnvironment> {
  const { store } = dashboard;
  const table = new RunTable(store);
  const app = new Hono<ServerEnvironment>();
  table.rows();
  app.get('/runs', (context) => context.json({ runs: table.rows() } satisfies RunsResponse));
  app.get('/runs/:id', (context) => {
    const run = requireRun(dashboard, numberIn(context, 'id'));
    return context.json(runPage(run, dashboard) satisfies RunPage);
  });
  app.get('/runs/:id/series', (context) => {
    const { id } = requireRun(dashboard, numberIn(context, 'id'));
    const { keys, x, points, ...range } = queryOf(context, seriesQuery);
    const series = store.current.series(id, { keys, x, maxPoints: points, ...given(range) });
    return context.json({ series } satisfies SeriesResponse);
  });
  app.get('/compare', (context) => {
    const { runs: ids, ...comparison } = queryOf(context, compareQuery);
    const runs = ids.map((id) => requireRun(dashboard, id));
    return context.json(compareRuns(runs, store, comparison) satisfies CompareResponse);
  });
  app.post('/runs/:id/annotations', async (context) => {
    const { id } = requireRun(dashboard, numberIn(context, 'id'));
    const annotations = await bodyOf(context, annotationsBody);
    if (Object.keys(annotations).length === 0)
      throw new HttpProblem(400, 'expected a name, notes or tags');
    store.current.annotate(id, given(annotations));
    return context.json({ run: requireRun(dashboard, id) } satisfies AnnotationsResponse);
  });
  return app;
}

/** Without what was left out. */
function given<T extends object>(values: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as never;
}
