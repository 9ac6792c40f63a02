import type { MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { ServerEnvironment, ServerRequest } from '../environment.ts';
import { HttpProblem } from '../http-problem.ts';
import type { Access } from './access.ts';
import { equalSecrets } from './equal-secrets.ts';
import { isSession, issueSession, SESSION_SECONDS } from './session.ts';

/** Gives the browser a session. Secure where a proxy in front speaks TLS. */
export function startSession(context: ServerRequest, { sessionKey, cookieName }: Access): void {
  setCookie(context, cookieName, issueSession(sessionKey), {
    httpOnly: true,
    sameSite: 'Strict',
    secure: context.req.header('x-forwarded-proto') === 'https',
    path: '/',
    maxAge: SESSION_SECONDS,
  });
}

/** Takes the token out of the address: a session for it, and the same page without it. */
export const exchangeToken =
  (access: Access): MiddlewareHandler<ServerEnvironment> =>
  async (context, next) => {
    const token = context.req.query('token');
    if (token === undefined || context.req.method !== 'GET') return next();
    const url = new URL(context.req.url);
    if (url.pathname.startsWith('/api/')) return next();
    if (!equalSecrets(token, access.token)) {
      throw new HttpProblem(
        401,
        'this address is of an earlier start of the dashboard; open the one that it printed last',
      );
    }
    startSession(context, access);
    url.searchParams.delete('token');
    return context.redirect(`${url.pathname}${url.search}`.replace(/^\/+/, '/'), 303);
  };

function callerOf(context: ServerRequest, access: Access): 'browser' | 'program' | undefined {
  const [, bearer] = /^Bearer (\S+)$/i.exec(context.req.header('authorization') ?? '') ?? [];
  if (bearer !== undefined) return equalSecrets(bearer, access.token) ? 'program' : undefined;
  return isSession(access.sessionKey, getCookie(context, access.cookieName))
    ? 'browser'
    : undefined;
}

/** Lets pass who has a session or the token. */
export const authenticate =
  (access: Access): MiddlewareHandler<ServerEnvironment> =>
  async (context, next) => {
    const caller = callerOf(context, access);
    if (caller === undefined) {
      throw new HttpProblem(
        401,
        access.password === null
          ? 'not signed in; open the address that laurel dashboard printed in its terminal (…/?token=…)'
          : 'not signed in; open /sign-in and give the password',
      );
    }
    context.set('caller', caller);
    return next();
  };
