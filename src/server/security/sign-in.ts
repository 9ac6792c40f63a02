import { Hono } from 'hono';
import { html } from 'hono/html';
import type { ServerEnvironment, ServerRequest } from '../environment.ts';
import { HttpProblem } from '../http-problem.ts';
import { plainPage, plainStyle } from '../plain-page.ts';
import type { Access } from './access.ts';
import { startSession } from './authenticate.ts';
import { assertOwnPage } from './check-origin.ts';
import { isPassword } from './password.ts';

/** What a browser sees in place of a page that it cannot have. */
export const problemPage = (title: string, message: string) =>
  plainPage(title, html`<p role="alert">${message}</p>`);

const signInPage = (problem?: string) =>
  plainPage(
    'Sign in',
    html`${problem === undefined ? '' : html`<p role="alert">${problem}</p>`}
      <form method="post" action="/sign-in">
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required autofocus />
        <button>Sign in</button>
      </form>`,
  );

/** The page that asks for the password, where there is one; the only pages for which nobody need be signed in. */
export function signInRoutes(access: Access): Hono<ServerEnvironment> {
  const app = new Hono<ServerEnvironment>();
  app.get('/sign-in.css', (context) =>
    context.body(plainStyle, 200, { 'Content-Type': 'text/css; charset=utf-8' }),
  );
  if (access.password === null) return app;
  app.get('/sign-in', (context) => context.html(signInPage()));
  app.post('/sign-in', async (context) => {
    assertOwnPage(context);
    const problem = await judge(context, access);
    if (problem !== undefined) {
      if (problem.retryAfter !== undefined)
        context.header('Retry-After', String(problem.retryAfter));
      return context.html(signInPage(problem.message), problem.status);
    }
    startSession(context, access);
    return context.redirect('/', 303);
  });
  return app;
}

async function judge(
  context: ServerRequest,
  { password, tries }: Access,
): Promise<HttpProblem | undefined> {
  const address = context.env.incoming?.socket.remoteAddress ?? '';
  const wait = tries.take(address);
  if (wait > 0)
    return new HttpProblem(429, `Too many tries; wait ${wait} s.`, { retryAfter: wait });
  const { password: given } = await context.req.parseBody();
  if (typeof given !== 'string' || !(await isPassword(given, password!)))
    return new HttpProblem(401, 'This is not the password.');
  tries.succeed(address);
  return undefined;
}
