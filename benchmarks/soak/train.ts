// One process of a soak: `train.ts FOLDER STEPS SAVE_STEPS`. It tells its parent what happens and what memory it has.
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { liveTensors } from 'laurel/tensor';
import type { SoakMessage } from './messages.ts';
import { trainSoak } from './recipe.ts';

const STEPS_PER_READING = 10;
const [folder = '', maxSteps, saveSteps] = process.argv.slice(2);

let heapHeld = process.memoryUsage().heapUsed;
const collections = new PerformanceObserver((list) => {
  const { detail } = list.getEntries().at(-1) as unknown as { detail: { kind: number } };
  if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR)
    heapHeld = process.memoryUsage().heapUsed;
});
collections.observe({ entryTypes: ['gc'] });

const tell = (message: SoakMessage) => process.send?.(message);

const { outcome } = await trainSoak({
  folder,
  maxSteps: Number(maxSteps),
  saveSteps: Number(saveSteps),
  onEvent: (event) => {
    if (event.type === 'run-start') tell({ type: 'run-start', step: event.fromStep });
    if (event.type === 'step-start' || event.type === 'rollout-end')
      tell({ type: event.type, step: event.step });
    if (event.type === 'checkpoint-end') tell({ type: 'checkpoint-end', step: event.step });
    if (event.type === 'warning') tell({ type: 'warning', message: event.message });
    if (event.type !== 'step-end') return;
    tell({ type: 'step-end', step: event.step, reward: event.metrics.reward ?? null });
    if (event.step % STEPS_PER_READING !== 0) return;
    const { rss, heapUsed, external } = process.memoryUsage();
    const tensors = liveTensors();
    tell({ type: 'memory', step: event.step, rss, heapUsed, heapHeld, external, tensors });
  },
});
if (outcome !== 'finished') process.exitCode = 1;
process.disconnect?.();
