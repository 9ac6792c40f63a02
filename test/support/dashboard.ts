import { request } from 'node:http';
import { afterAll } from 'vitest';
import { type Dashboard, type DashboardOptions, startDashboard } from '../../src/server/index.ts';
import { dpoConfig, grpoConfig, sftConfig } from '../../src/trainers/config/index.ts';

/** Signs sessions in tests, so that nothing is written to the home of who runs them. */
export const testKey = '0123456789abcdef'.repeat(4);

/** Serves a root for the tests of a file. */
export async function testDashboard(
  root: string,
  options: DashboardOptions = {},
): Promise<Dashboard> {
  const dashboard = await startDashboard({
    root,
    port: 0,
    key: testKey,
    version: 'test',
    schemas: [sftConfig, dpoConfig, grpoConfig],
    live: { pollMs: 50, refreshMs: 100 },
    ...options,
  });
  afterAll(() => dashboard.close());
  return dashboard;
}

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request as it is written: fetch would mend its path and refuse some of its headers. */
export function ask(
  { origin }: Pick<Dashboard, 'origin'>,
  path: string,
  { method = 'GET', headers = {}, body }: Ask = {},
): Promise<Answer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, text }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** As a program asks, with the token. */
export async function getJson<T>(dashboard: Dashboard, path: string): Promise<T> {
  const { status, text } = await ask(dashboard, path, { headers: bearer(dashboard) });
  if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
  return JSON.parse(text) as T;
}

export const bearer = ({ token }: Dashboard): Record<string, string> => ({
  authorization: `Bearer ${token}`,
});

export const jsonHeaders = { 'content-type': 'application/json' } as const;
