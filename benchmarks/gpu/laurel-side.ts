// This engine's side of the benchmark on a device, in bfloat16 with float32 masters, driven line by line.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parameters } from '../../dist/models/index.js';
import { describeSystem, threadCount } from '../../dist/tensor/index.js';
import { Workload } from '../laurel-model.ts';
import type { Shape } from '../shapes.ts';
import type { Task } from '../side.ts';

const [device = 'cuda', size = 'qwen2-0.5b'] = process.argv.slice(2);
const shapes = JSON.parse(readFileSync(new URL('shapes.json', import.meta.url), 'utf8')) as Record<
  string,
  Shape
>;
const workload = new Workload(shapes[size]!, 'qwen2', { device, dtype: 'bfloat16' });

function work(task: Task): () => unknown {
  switch (task.name) {
    case 'step':
      return () => workload.step();
    case 'update':
      return () => workload.update();
    case 'sample':
      return () => workload.sample(task.rows);
    default:
      throw new Error(`no task is named ${task.name}`);
  }
}

async function timed(task: Task) {
  const repeats = 'repeats' in task ? (task.repeats ?? 1) : 1;
  const perform = work(task);
  workload.finish();
  const started = performance.now();
  const before = process.cpuUsage();
  for (let i = 0; i < repeats; i++) await perform();
  workload.finish();
  const { user, system } = process.cpuUsage(before);
  return {
    wall: (performance.now() - started) / 1000 / repeats,
    processor: (user + system) / 1e6 / repeats,
  };
}

const answer = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
answer({
  torch: describeSystem().torch,
  blas: `${device}, bfloat16`,
  core: '',
  threads: threadCount(),
  parameters: [...parameters(workload.policy.model).values()].reduce(
    (sum, tensor) => sum + tensor.size,
    0,
  ),
  libraries: 'float32 masters',
});
for await (const line of createInterface({ input: process.stdin })) {
  answer(await timed(JSON.parse(line) as Task));
}
