// This engine beside Python's PyTorch: one model, one machine, one run, by turns. Run with `npm run bench`.
// - LAUREL_BENCH_PYTHON: interpreters to try, joined by colons (python3 and /usr/bin/python3 unless given).
// - LAUREL_BENCH_BUILDS: folders with further builds of the addon (LAUREL_BUILD_DIR of `npm run setup`).
// - LAUREL_BENCH_THREADS: thread counts to try, joined by colons (1 and one for each core unless given).
// - LAUREL_BENCH_PAIRS: pairs per task, 7 unless given.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { laurelSettings, pytorchSettings } from './settings.ts';
import { type Description, type Setting, Side, type Task, type Timing } from './side.ts';
import { atMost, markdownTable, median, type Result } from './table.ts';

const PAIRS = Number(process.env['LAUREL_BENCH_PAIRS'] ?? 7);
const TRIALS = 2;
/** Idle threads of the side that has just worked spin for up to 200 ms. */
const PAUSE_MILLISECONDS = 250;

/** What is compared, and the bar on Laurel's time over PyTorch's. */
const tasks: (Task & { label: string; bar: number })[] = [
  { label: 'training step, 16×128 tokens', name: 'step', repeats: 3, bar: 1.05 },
  { label: 'the same by the trainer', name: 'update', repeats: 3, bar: Number.NaN },
  ...[1, 8, 32, 128].map((rows) => {
    const label = `sampling 128 tokens, ${rows} ${rows === 1 ? 'row' : 'rows'}`;
    return { label, name: 'sample' as const, rows, bar: 1 };
  }),
];

interface Running extends Description {
  readonly side: Side;
}

async function start(settings: readonly Setting[]): Promise<Running[]> {
  const running: Running[] = [];
  for (const setting of settings) {
    const side = new Side(setting);
    const description = await side.describe();
    const { torch, blas, core, threads } = description;
    console.log(
      `${setting.label}: torch ${torch}, ${blas} ${core}, ${threads} threads (${setting.program})`,
    );
    running.push({ ...description, side });
  }
  return running;
}

async function measure({ side }: Running, task: Task): Promise<Timing> {
  await pause(PAUSE_MILLISECONDS);
  return side.ask(task);
}

/** The setting with the least median time for a task. */
async function fastest(running: readonly Running[], task: Task): Promise<Running> {
  const times = running.map(() => [] as number[]);
  for (let trial = 0; trial <= TRIALS; trial++) {
    for (const [index, candidate] of running.entries()) {
      const { wall } = await measure(candidate, task);
      // The first run warms caches and allocators.
      if (trial > 0) times[index]!.push(wall);
    }
  }
  const medians = times.map(median);
  return running[medians.indexOf(Math.min(...medians))]!;
}

const nameOf = ({ side, torch, blas, core }: Running): string =>
  `${side.setting.label}, torch ${torch}, ${blas} ${core}`.trim();

async function compare(
  ours: readonly Running[],
  theirs: readonly Running[],
  task: (typeof tasks)[number],
): Promise<Result> {
  const [laurel, pytorch] = [await fastest(ours, task), await fastest(theirs, task)];
  const pairs: { laurel: Timing; pytorch: Timing }[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    pairs.push({ laurel: await measure(laurel, task), pytorch: await measure(pytorch, task) });
  }
  const names = { laurel: nameOf(laurel), pytorch: nameOf(pytorch) };
  const result = { label: task.label, bar: task.bar, ...names, pairs };
  console.log(markdownTable([result]).split('\n')[2]);
  return result;
}

function write(results: readonly Result[], settings: readonly Running[]): void {
  const processor = cpus()[0]?.model ?? 'unknown';
  const date = new Date().toISOString().slice(0, 10);
  const name = `${date}-${processor.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.replace(
    /-$/,
    '',
  );
  const folder = new URL('results/', import.meta.url);
  const about = { date, processor, cores: cpus().length, loadAverage: loadavg(), pairs: PAIRS };
  const described = settings.map(({ side, ...rest }) => ({ label: side.setting.label, ...rest }));
  const json = { ...about, settings: described, results };
  const heading = `${processor}, ${about.cores} cores, ${date}; load average ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}; ${PAIRS} pairs.`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(json, null, 2)}\n`);
  writeFileSync(new URL(`${name}.md`, folder), `${heading}\n\n${markdownTable(results)}\n`);
  console.log(`\n${heading}\n\n${markdownTable(results)}\nWritten to benchmarks/results/${name}.*`);
}

const theirs = await start(pytorchSettings());
if (theirs.length === 0) {
  console.error(
    'No Python with PyTorch found: install python3-torch, or name one in LAUREL_BENCH_PYTHON.',
  );
  process.exit(2);
}
const ours = await start(laurelSettings());
try {
  const results: Result[] = [];
  for (const task of tasks) results.push(await compare(ours, theirs, task));
  write(results, [...ours, ...theirs]);
  if (!results.every(atMost)) process.exitCode = 1;
} finally {
  for (const { side } of [...ours, ...theirs]) side.stop();
}
