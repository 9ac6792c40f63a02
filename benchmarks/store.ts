/** What the run database costs a trainer a line, and a reader a query; prints Markdown. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRun, type Run, RunStore, StoreSink } from '../src/runs/index.ts';
import { openDatabase } from '../src/runs/store/open-database.ts';
import { RunIndex } from '../src/runs/store/run-index.ts';
import { makeManyRuns } from '../test/support/many-runs.ts';

const KEYS = 35;
const start = {
  trainer: 'grpo',
  seed: 1,
  configYaml: '',
  fingerprint: {},
  laurelVersion: '0.1.0',
};

const metricsOf = (step: number) =>
  Object.fromEntries(Array.from({ length: KEYS }, (_, key) => [`custom/${key}`, step / (key + 1)]));

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((left, right) => left - right)[Math.floor(share * (values.length - 1))]!;

const milliseconds = (work: () => unknown): number => {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
};

const row = (what: string, times: readonly number[], unit: 'µs' | 'ms'): void => {
  const show = (value: number) => (unit === 'µs' ? value * 1000 : value).toFixed(1);
  const [median, late] = [quantile(times, 0.5), quantile(times, 0.99)];
  const mean = times.reduce((sum, value) => sum + value, 0) / times.length;
  console.log(`| ${what} | ${show(median)} | ${show(mean)} | ${show(late)} | ${unit} |`);
};

/** Lines as fast as they come: most are put aside, one a second carries all of them. */
function writeLines(run: Run): void {
  const sink = new StoreSink(run, { warn: console.error });
  sink.open();
  const line = (step: number) => ({ step, time: Date.now() / 1000, metrics: metricsOf(step) });
  const times = Array.from({ length: 20_000 }, (_, i) => {
    const entry = line(i + 1);
    return milliseconds(() => sink.write(entry));
  });
  row(`a line of ${KEYS} metrics, many a second`, times, 'µs');
  sink.close();
}

/** Lines that come a second or more apart: each is a transaction. */
function writeSlowLines(root: string): void {
  const database = openDatabase(root);
  const index = new RunIndex(database);
  const [id] = database.get('SELECT id FROM runs')!;
  const times = Array.from({ length: 3000 }, (_, i) => {
    const [step, time] = [30_001 + i, Date.now() / 1000];
    const entry = { step, time, metrics: metricsOf(step), elapsed: step, tokens: step };
    return milliseconds(() => index.write(() => index.putLines(Number(id), [entry])));
  });
  row(`a line of ${KEYS} metrics in a transaction of its own`, times, 'µs');
  database.close();
}

function query(root: string): void {
  const store = RunStore.open(root);
  const repeat = (work: () => unknown) => Array.from({ length: 20 }, () => milliseconds(work));
  const runs = store.runs();
  const keyOf = ({ trainer }: { trainer: string }) => (trainer === 'grpo' ? 'reward' : 'loss');
  row(
    '200 runs with tags and last values',
    repeat(() => store.runs()),
    'ms',
  );
  const sparklines = () =>
    runs.map((run) => store.series(run.id, { keys: [keyOf(run)], maxPoints: 60 }));
  row('their 200 sparklines of 60 points', repeat(sparklines), 'ms');
  const page = { keys: ['loss', 'entropy', 'grad_norm', 'num_tokens'] };
  row(
    'four series of a run, 600 points each',
    repeat(() => store.series(1, page)),
    'ms',
  );
  const tokens = { keys: ['loss'], x: 'tokens' } as const;
  const some = runs.slice(0, 20);
  row(
    'one metric of 20 runs by tokens',
    repeat(() => some.map(({ id }) => store.series(id, tokens))),
    'ms',
  );
  store.close();
}

function queryLongSeries(root: string): void {
  const store = RunStore.open(root);
  const { id } = store.runs()[0]!;
  const whole = { keys: ['loss'] };
  const part = { keys: ['loss'], from: 400_000, to: 409_000 };
  const times = (request: typeof whole) =>
    Array.from({ length: 10 }, () => milliseconds(() => store.series(id, request)));
  row('one series of a million points', times(whole), 'ms');
  row('9,000 steps of it', times(part), 'ms');
  store.close();
}

const root = mkdtempSync(join(tmpdir(), 'laurel-store-'));
try {
  console.log('| what | median | mean | 99% | unit |\n|---|---|---|---|---|');
  writeLines(createRun(start, { root, name: 'run' }));
  writeSlowLines(root);
  makeManyRuns(join(root, 'many'));
  query(join(root, 'many'));
  makeManyRuns(join(root, 'long'), { runs: 1, linesPerRun: 1_000_000 });
  queryLongSeries(join(root, 'long'));
} finally {
  rmSync(root, { recursive: true, force: true });
}
