import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import type { ConfigSchema } from '../config/index.ts';
import type { MailSettings } from '../digest/index.ts';
import { ConfigError } from '../errors.ts';
import { papersRoot } from '../papers/index.ts';
import { RunController } from './actions/run-controller.ts';
import { createApp } from './app.ts';
import { CompletionLibrary } from './completions/completion-library.ts';
import { TokenLibrary } from './completions/token-library.ts';
import type { DashboardContext } from './dashboard-context.ts';
import type { ServerEnvironment } from './environment.ts';
import { LiveFeed, type LiveFeedOptions } from './live/live-feed.ts';
import { MailDesk } from './mail/mail-desk.ts';
import { OpenStore } from './open-store.ts';
import { actionRoutes } from './routes/actions.ts';
import { completionRoutes } from './routes/completions.ts';
import { eventRoutes } from './routes/events.ts';
import { paperRoutes } from './routes/papers.ts';
import { runRoutes } from './routes/runs.ts';
import { subscriptionRoutes, tokenPages } from './routes/subscriptions.ts';
import { makeAccess } from './security/access.ts';
import { isLoopback } from './security/allowed-hosts.ts';

/** Where the built pages are, in a clone and in the published package. */
const builtPages = fileURLToPath(new URL('../../dist/dashboard/', import.meta.url));

const SHORTEST_PASSWORD = 8;

/** How long a request may take to come in; answers may go on for as long as they are read. */
const patience = { headersTimeout: 10_000, requestTimeout: 30_000 };

export interface DashboardOptions {
  /** Folder that holds run folders. */
  readonly root?: string;
  /** 0: any that is free. */
  readonly port?: number;
  readonly host?: string;
  /** Needed for any host but this machine's loopback. */
  readonly password?: string | null;
  /** Further names by which the server is reached. */
  readonly allowedHosts?: readonly string[];
  /** Schemas of the trainers whose options are explained and whose runs can be resumed. */
  readonly schemas?: readonly ConfigSchema[];
  readonly version?: string;
  readonly live?: Omit<LiveFeedOptions, 'version'> & { readonly refreshMs?: number };
  readonly pagesFolder?: string;
  /** How mails to subscribers leave; without it the form says how to set one. */
  readonly mail?: MailSettings | undefined;
  /** Where papers' recorded results lie. */
  readonly papersFolder?: string;
  /** Made anew unless given. */
  readonly token?: string;
  /** Signs sessions; kept in the user's state folder unless given. */
  readonly key?: string;
}

/** A dashboard that serves. */
export interface Dashboard {
  /** To open in a browser, with the token. */
  readonly url: string;
  /** `http://host:port`, without it. */
  readonly origin: string;
  readonly token: string;
  readonly listenerCount: () => number;
  close(): Promise<void>;
}

/**
 * Serves the runs below a folder.
 * @throws ConfigError for another host without a password, and for a port that is taken; StoreError where the database
 * cannot be opened.
 */
export async function startDashboard({
  root = 'runs',
  port = 7777,
  host = '127.0.0.1',
  password = null,
  allowedHosts = [],
  schemas = [],
  version = '',
  live: { refreshMs, ...live } = {},
  pagesFolder = builtPages,
  papersFolder = papersRoot,
  mail,
  ...secrets
}: DashboardOptions = {}): Promise<Dashboard> {
  if (password === null && !isLoopback(host)) throw withoutPassword(host);
  if (password !== null && password.length < SHORTEST_PASSWORD) throw shortPassword();
  const names = [...allowedHosts, ...publicNames(mail)];
  const access = await makeAccess({ root, host, password, allowedHosts: names, ...secrets });
  const store = new OpenStore(root, refreshMs === undefined ? {} : { refreshMs });
  const feed = new LiveFeed(store, { version, ...live });
  const desk: MailDesk = new MailDesk(root, mail, () => originOf(server, host));
  const api = makeApi(store, feed, schemas)
    .route('/', paperRoutes({ store, desk, root: papersFolder }))
    .route('/', subscriptionRoutes(desk));
  const app = createApp({ access, pagesFolder, api, openRoutes: tokenPages(desk) });
  const server: Server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: patience,
  }) as Server;
  try {
    await listen(server, port, host);
  } catch (error) {
    await desk.close();
    store.close();
    throw error;
  }
  const origin = originOf(server, host);
  const stop = async (): Promise<void> => {
    feed.close();
    await closeServer(server);
    await desk.close();
    store.close();
  };
  return {
    url: `${origin}/?token=${access.token}`,
    origin,
    token: access.token,
    listenerCount: () => feed.listenerCount,
    close: stop,
  };
}

function makeApi(
  store: OpenStore,
  feed: LiveFeed,
  schemas: readonly ConfigSchema[],
): Hono<ServerEnvironment> {
  const tokens = new TokenLibrary();
  const byName = new Map(schemas.map((schema) => [schema.name, schema]));
  const dashboard: DashboardContext = {
    store,
    schemas: byName,
    tokens,
    completions: new CompletionLibrary(tokens),
    feed,
    controller: new RunController(byName.keys()),
  };
  return new Hono<ServerEnvironment>()
    .route('/', runRoutes(dashboard))
    .route('/', completionRoutes(dashboard))
    .route('/', actionRoutes(dashboard))
    .route('/', eventRoutes(feed));
}

/** A proxy in front passes on the name that people use. */
const publicNames = (mail: MailSettings | undefined): string[] =>
  mail?.publicUrl ? [new URL(mail.publicUrl).hostname] : [];

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = `--port ${port}: in use on ${host}, perhaps by another dashboard; choose another, or 0 for any that is free`;
      reject(
        error.code === 'EADDRINUSE'
          ? new ConfigError(taken, { cause: error })
          : new ConfigError(`--host ${host}: cannot be listened on: ${error.message}`, {
              cause: error,
            }),
      );
    });
    server.listen(port, host, resolve);
  });
}

function originOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

const shortPassword = (): ConfigError =>
  new ConfigError(
    `the dashboard's password: expected at least ${SHORTEST_PASSWORD} characters; choose a longer one`,
  );

const withoutPassword = (host: string): ConfigError =>
  new ConfigError(
    `--host ${host}: others on the network could reach this dashboard; set a password too (--password, or LAUREL_DASHBOARD_PASSWORD), or keep 127.0.0.1 and reach it by ssh -L`,
  );
