/**
 * Other pages in the same browser may send requests here, with the cookie where they are of the same site (another port of
 * this host, say). These checks are what stops them; SameSite=Strict is the second wall.
 */
import type { MiddlewareHandler } from 'hono';
import type { ServerEnvironment, ServerRequest } from '../environment.ts';
import { HttpProblem } from '../http-problem.ts';
import { hostName } from './allowed-hosts.ts';

/** Refuses names that this server does not have. */
export const checkHost =
  (hosts: ReadonlySet<string>): MiddlewareHandler<ServerEnvironment> =>
  async (context, next) => {
    const header = context.req.header('host');
    const name = hostName(header);
    if (name === undefined || !hosts.has(name)) {
      throw new HttpProblem(
        421,
        `this server is not known as ${JSON.stringify(header ?? '')}; open it by the address that laurel dashboard printed, or add the name with --allowed_hosts`,
      );
    }
    await next();
  };

/** Refuses what another page's code asks for; addresses typed by a person, and programs, have no such header. */
export const checkFetchSite: MiddlewareHandler<ServerEnvironment> = async (context, next) => {
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw elsewhere();
  await next();
};

/** Refuses a change that a browser did not ask for from this server's own pages; a program shows its token instead. */
export function assertOwnPage(context: ServerRequest): void {
  const site = context.req.header('sec-fetch-site');
  const origin = context.req.header('origin');
  if (site !== undefined && site !== 'same-origin') throw elsewhere();
  if (origin !== undefined && hostOf(origin) !== context.req.header('host')?.toLowerCase())
    throw elsewhere();
  if (site === undefined && origin === undefined) throw elsewhere();
}

/** Checks of every change under /api. */
export const checkWrite: MiddlewareHandler<ServerEnvironment> = async (context, next) => {
  if (['GET', 'HEAD'].includes(context.req.method)) return next();
  if (context.get('caller') === 'browser') assertOwnPage(context);
  const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new HttpProblem(
      415,
      `expected Content-Type: application/json, found ${JSON.stringify(type ?? 'none')}`,
    );
  }
  return next();
};

const elsewhere = (): HttpProblem =>
  new HttpProblem(403, 'this request comes from another page; use the dashboard’s own');

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host.toLowerCase();
  } catch {
    return undefined; // `null`, which sandboxed pages send.
  }
}
