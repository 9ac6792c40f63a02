import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { ConfigError } from '../../errors.ts';

/**
 * How long a request may take to come in, and a connection wait for its next: longer than proxies and clients keep one,
 * so that no request meets a connection that is just being closed.
 */
const patience = { headersTimeout: 30_000, requestTimeout: 60_000, keepAliveTimeout: 75_000 };

export interface StartServerOptions {
  readonly host?: string;
  /** 0: any that is free. */
  readonly port?: number;
}

/** An application that serves. */
export interface RunningServer {
  /** `http://host:port` */
  readonly origin: string;
  /** Takes no further request, finishes those under way, then ends. */
  close(): Promise<void>;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      const reason = taken
        ? `--port ${port}: in use on ${host}; choose another, or 0 for any that is free`
        : `--host ${host}: cannot be listened on: ${cause.message}`;
      reject(new ConfigError(reason, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

/** Once no more are taken, a connection goes with its last answer, and is not kept for a next request. */
function letGoWhenClosed(server: Server): void {
  server.on('request', (_, response) => {
    response.once('close', () => {
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
  });
}

/** @throws ConfigError for a port that is taken or a host that is not this machine's. */
export async function startServer(
  app: Hono,
  { host = '127.0.0.1', port = 8080 }: StartServerOptions = {},
): Promise<RunningServer> {
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: patience }) as Server;
  letGoWhenClosed(server);
  await listen(server, host, port);
  const { port: bound } = server.address() as AddressInfo;
  return {
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}
