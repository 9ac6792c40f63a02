import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { LaurelError } from '../errors.ts';
import type { ServerEnvironment, ServerRequest } from './environment.ts';
import { HttpProblem } from './http-problem.ts';
import { staticFiles } from './routes/static-files.ts';
import type { Access } from './security/access.ts';
import { authenticate, exchangeToken } from './security/authenticate.ts';
import { checkFetchSite, checkHost, checkWrite } from './security/check-origin.ts';
import { secureHeaders } from './security/headers.ts';
import { problemPage, signInRoutes } from './security/sign-in.ts';

/** The largest request; notes are the longest thing that comes in. */
const MOST_BODY_BYTES = 64 * 1024;

export interface AppParts {
  readonly access: Access;
  /** Folder of the built pages. */
  readonly pagesFolder: string;
  /** Everything under /api. */
  readonly api: Hono<ServerEnvironment>;
  /** Pages that need no session, as those a mail links to; each checks a signed token of its own. */
  readonly openRoutes?: Hono<ServerEnvironment>;
}

/** The whole server as a function from request to answer. */
export function createApp({
  access,
  pagesFolder,
  api,
  openRoutes,
}: AppParts): Hono<ServerEnvironment> {
  const app = new Hono<ServerEnvironment>();
  app.onError((error, context) => answerProblem(toProblem(error), context, access));
  app.notFound(() => {
    throw new HttpProblem(404, 'there is no such address');
  });
  app.use(secureHeaders, checkHost(access.hosts), bodyLimit({ maxSize: MOST_BODY_BYTES, onError }));
  app.route('/', signInRoutes(access));
  if (openRoutes !== undefined) app.route('/', openRoutes);
  app.use(exchangeToken(access), authenticate(access));
  app.use('/api/*', checkFetchSite, checkWrite);
  app.route('/api', api);
  app.all('/api/*', (context) => context.notFound());
  app.route('/', staticFiles(pagesFolder));
  return app;
}

function onError(): never {
  throw new HttpProblem(
    413,
    `a request may have ${MOST_BODY_BYTES / 1024} KiB at most; shorten it`,
  );
}

function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof LaurelError) return new HttpProblem(422, error.message, { cause: error });
  console.error(error);
  return new HttpProblem(500, 'the server failed; its terminal says how', { cause: error });
}

function answerProblem(
  { status, message, retryAfter }: HttpProblem,
  context: ServerRequest,
  access: Access,
): Response | Promise<Response> {
  if (retryAfter !== undefined) context.header('Retry-After', String(retryAfter));
  if (context.req.path.startsWith('/api/')) return context.json({ error: message }, status);
  if (status === 401 && access.password !== null) return context.redirect('/sign-in', 303);
  return context.html(
    problemPage(status === 401 ? 'Not signed in' : 'Not here', message),
    status as ContentfulStatusCode,
  );
}
