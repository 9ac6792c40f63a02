/**
 * How fast the dashboard is with 200 runs, one million points and one run of 100,000 lines: answers of the server as `laurel
 * dashboard` starts it, and the first paint of its pages in Chromium with an empty profile.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as Playwright from 'playwright-core';
import { makeManyRuns } from '../test/support/many-runs.ts';
import { machine, resultFile, revision } from './results.ts';

// Its CommonJS cannot be imported where jiti loads TypeScript.
const { chromium } = createRequire(import.meta.url)('playwright-core') as typeof Playwright;
const bin = fileURLToPath(new URL('../bin/laurel.mjs', import.meta.url));
const REPEATS = 21;
const PAGE_REPEATS = 5;

interface Server {
  readonly child: ChildProcess;
  readonly url: string;
  readonly get: (path: string) => Promise<number>;
  readonly post: (path: string, body: object) => Promise<void>;
}

/** What was measured: milliseconds, and what it may take where a bar is set. */
interface Row {
  readonly name: string;
  /** What it takes where nothing else runs beside it, or nearly so. */
  readonly best: number;
  readonly median: number;
  readonly worst: number;
  readonly bar?: number;
}

function makeRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'laurel-bench-'));
  const aside = mkdtempSync(join(tmpdir(), 'laurel-bench-'));
  makeManyRuns(aside, { runs: 1, linesPerRun: 100_000 });
  renameSync(join(aside, 'grpo-0000'), join(root, 'long'));
  rmSync(aside, { recursive: true });
  makeManyRuns(root);
  return root;
}

async function startServer(root: string): Promise<Server> {
  const env = { ...process.env, XDG_STATE_HOME: join(root, 'state') };
  const words = [bin, 'dashboard', '--root', root, '--port', '0'];
  const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise<string>((resolve) => {
    child.stdout.once('data', (text: Buffer) => resolve(text.toString().trim()));
  });
  const { origin, searchParams } = new URL(url);
  const headers = { authorization: `Bearer ${searchParams.get('token')}` };
  const fetchOk = async (path: string, init: RequestInit): Promise<void> => {
    const response = await fetch(origin + path, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  };
  const get = (path: string) => timed(() => fetchOk(path, { headers }));
  const post = (path: string, body: object) =>
    fetchOk(path, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  return { child, url, get, post };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function measure(name: string, bar: number | undefined, once: () => Promise<number>) {
  const times: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) times.push(await once());
  return rowOf(name, times, bar);
}

function rowOf(name: string, times: readonly number[], bar?: number): Row {
  const sorted = times.toSorted((left, right) => left - right);
  const median = sorted[Math.floor(sorted.length / 2)]!;
  return {
    name,
    best: sorted[0]!,
    median,
    worst: sorted.at(-1)!,
    ...(bar !== undefined && { bar }),
  };
}

async function measureServer({ get, post }: Server, longRun: number): Promise<Row[]> {
  const series = `/api/runs/${longRun}/series?keys=loss&points=600`;
  let note = 0;
  return [
    rowOf('table of runs, first answer', [await get('/api/runs')], 100),
    await measure('table of runs', 100, () => get('/api/runs')),
    await measure('table of runs after a change of one', 100, async () => {
      await post('/api/runs/1/annotations', { notes: String(note++) });
      return get('/api/runs');
    }),
    await measure('page of a run', undefined, () => get('/api/runs/1')),
    await measure('series of 100,000 points', 50, () => get(series)),
    await measure('the same, zoomed to 20,000', 50, () => get(`${series}&from=40000&to=60000`)),
    await measure('the same, zoomed to 500', 50, () => get(`${series}&from=40000&to=40500`)),
    await measure('the same over tokens', undefined, () => get(`${series}&x=tokens`)),
  ];
}

/** Opens a page with an empty profile. @returns first contentful paint and when `selector` was there, from navigation. */
async function openPage(url: string, path: string, selector: string): Promise<[number, number]> {
  const profile = mkdtempSync(join(tmpdir(), 'laurel-browser-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env['LAUREL_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(url.replace('/?', `${path}?`));
    await page.waitForSelector(selector);
    return await page.evaluate(() => [
      performance.getEntriesByName('first-contentful-paint')[0]!.startTime,
      performance.now(),
    ]);
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

async function measurePages({ url }: Server): Promise<Row[]> {
  const pages = [
    ['papers', '/', 'main h1'],
    ['runs', '/runs', 'tbody tr'],
    ['one run', '/runs/1', 'canvas'],
  ] as const;
  const rows: Row[] = [];
  for (const [name, path, selector] of pages) {
    const times: [number, number][] = [];
    for (let repeat = 0; repeat < PAGE_REPEATS; repeat++)
      times.push(await openPage(url, path, selector));
    rows.push(
      rowOf(
        `first paint, ${name}`,
        times.map(([paint]) => paint),
        1000,
      ),
      rowOf(
        `content, ${name}`,
        times.map(([, content]) => content),
      ),
    );
  }
  return rows;
}

function tableOf(rows: readonly Row[]): string {
  const number = (value: number) => value.toFixed(value < 10 ? 1 : 0);
  return [
    '| what | fastest, ms | median, ms | slowest, ms | bar, ms |',
    '|---|---|---|---|---|',
    ...rows.map(
      ({ name, best, median, worst, bar }) =>
        `| ${name} | ${number(best)} | ${number(median)} | ${number(worst)} | ${bar ?? ''} |`,
    ),
    '',
  ].join('\n');
}

const root = makeRoot();
const loadBefore = loadavg()[0]!;
const server = await startServer(root);
try {
  const rows = [
    ...(await measureServer(server, await longRunOf(server))),
    ...(await measurePages(server)),
  ];
  const about = `Dashboard with 200 runs of 1,000 lines of five metrics and one of 100,000 lines. ${machine.processor}, ${machine.cores} cores; Node ${machine.node}; ${revision()}; load average before ${loadBefore.toFixed(1)}, after ${loadavg()[0]!.toFixed(1)}.`;
  const report = `${about}\n\n${tableOf(rows)}`;
  process.stdout.write(report);
  if (process.argv.includes('--record')) writeFileSync(resultFile('dashboard', 'md'), report);
} finally {
  server.child.kill();
  rmSync(root, { recursive: true, force: true });
}

async function longRunOf({ url }: Server): Promise<number> {
  const { origin, searchParams } = new URL(url);
  const headers = { authorization: `Bearer ${searchParams.get('token')}` };
  // Not /api/runs, whose first answer is measured later: runs are numbered from 1, in the order of their folders.
  for (let id = 1; ; id++) {
    const response = await fetch(`${origin}/api/runs/${id}`, { headers });
    const { run } = (await response.json()) as { run?: { name: string } };
    if (run === undefined) throw new Error('the long run is missing');
    if (run.name === 'long') return id;
  }
}
