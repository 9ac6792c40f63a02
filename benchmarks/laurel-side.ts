// This engine's side of the benchmark, driven line by line: a line on standard input names a task; a line of JSON on
// standard output gives its wall and processor seconds.
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describeSystem, liveTensors, setThreadCount, threadCount } from '../dist/tensor/index.js';
import { type Family, Workload } from './laurel-model.ts';
import { timeProducts, timeRead } from './laurel-products.ts';
import { commonShape, type Shape } from './shapes.ts';
import type { Task } from './side.ts';

setThreadCount(Number(process.argv[2] ?? 1));

const common = new Map<Family, Workload>();

/** The common model, made when first asked for. */
function commonWorkload(family: Family = 'llama'): Workload {
  const made = common.get(family) ?? new Workload(commonShape, family);
  common.set(family, made);
  return made;
}

let other: { key: string; workload: Workload } | undefined;

const collect = () => (globalThis as { gc?: () => void }).gc?.();

/** A model of another shape; one at a time is kept. */
async function workloadOf(shape: Shape): Promise<Workload> {
  const key = JSON.stringify(shape);
  if (other?.key === key) return other.workload;
  other = undefined;
  collect();
  // What the collector found is freed in a turn of its own.
  await nextTurn();
  other = { key, workload: new Workload(shape) };
  return other.workload;
}

async function timed(repeats: number, perform: () => unknown) {
  const started = performance.now();
  const before = process.cpuUsage();
  for (let i = 0; i < repeats; i++) await perform();
  const { user, system } = process.cpuUsage(before);
  return {
    wall: (performance.now() - started) / 1000 / repeats,
    processor: (user + system) / 1e6 / repeats,
  };
}

/** Resident memory and live tensors now, after the collector ran where Node allows it. */
function memory() {
  collect();
  return { resident: process.memoryUsage().rss, tensors: liveTensors() };
}

async function train(shape: Shape, repeats: number) {
  const workload = await workloadOf(shape);
  return timed(repeats, () => workload.step());
}

async function perform(task: Task): Promise<unknown> {
  switch (task.name) {
    case 'step':
      return timed(task.repeats ?? 1, () => commonWorkload().step());
    case 'update':
      return timed(task.repeats ?? 1, () => commonWorkload().update());
    case 'sample':
      return timed(task.repeats ?? 1, () => commonWorkload(task.family).sample(task.rows));
    case 'products':
      return timeProducts(task.products, task.repeats);
    case 'read':
      return timeRead(task.bytes, task.repeats);
    case 'decode':
      return (await workloadOf(task.shape)).decode(task.rows, task.length, task.steps);
    case 'train':
      return train(task.shape, task.repeats);
    case 'memory':
      return memory();
    default:
      throw new Error(`no task is named ${task.name}`);
  }
}

function describe() {
  const { torch, build, openblasCore } = describeSystem();
  return {
    torch,
    blas: openblasCore ? 'OpenBLAS' : build.includes('USE_MKL=ON') ? 'MKL' : 'unknown',
    core: openblasCore,
    threads: threadCount(),
    parameters: commonWorkload().parameters,
  };
}

const answer = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
answer(describe());
for await (const line of createInterface({ input: process.stdin })) {
  answer(await perform(JSON.parse(line) as Task));
}
