import { Hono } from 'hono';
import type { ServerEnvironment } from '../environment.ts';
import { HttpProblem } from '../http-problem.ts';
import { eventStream } from '../live/event-stream.ts';
import type { LiveFeed } from '../live/live-feed.ts';

/** More pages than a person opens. */
const MOST_LISTENERS = 100;

/** Server-sent events. */
export function eventRoutes(feed: LiveFeed): Hono<ServerEnvironment> {
  const app = new Hono<ServerEnvironment>();
  app.get('/events', (context) => {
    if (feed.listenerCount >= MOST_LISTENERS)
      throw new HttpProblem(503, 'too many pages are open; close some', { retryAfter: 10 });
    return context.body(eventStream(feed, context.req.header('last-event-id')), 200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      // Proxies that gather an answer before they pass it on do not do so then.
      'X-Accel-Buffering': 'no',
    });
  });
  return app;
}
