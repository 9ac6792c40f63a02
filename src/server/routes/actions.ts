import { Hono } from 'hono';
import type { ActionResponse } from '../api.ts';
import { type DashboardContext, requireRun } from '../dashboard-context.ts';
import type { ServerEnvironment } from '../environment.ts';
import { numberIn } from '../request-parts.ts';

/** Stop and resume. */
export function actionRoutes(dashboard: DashboardContext): Hono<ServerEnvironment> {
  const { controller, store } = dashboard;
  const app = new Hono<ServerEnvironment>();
  app.post('/runs/:id/stop', (context) => {
    const run = requireRun(dashboard, numberIn(context, 'id'));
    return context.json(controller.stop(run) satisfies ActionResponse);
  });
  app.post('/runs/:id/resume', async (context) => {
    const run = requireRun(dashboard, numberIn(context, 'id'));
    const answer = await controller.resume(run, store.current.attempts(run.id));
    return context.json(answer satisfies ActionResponse);
  });
  return app;
}
