// One process of a soak: `train.ts FOLDER STEPS SAVE_STEPS`. It tells its parent what happens and what memory it has.
import { liveTensors } from 'laurel/tensor';
import type { MemoryReading, SoakMessage } from './messages.ts';
import { trainSoak } from './recipe.ts';

const STEPS_PER_READING = 10;
const STEPS_PER_COLLECTION = 50;
const [folder = '', maxSteps, saveSteps] = process.argv.slice(2);

/** What is left of memory when garbage is collected; undefined where Node was not started with --expose-gc. */
function collectedMemory(): MemoryReading['collected'] {
  if (globalThis.gc === undefined) return undefined;
  globalThis.gc();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed };
}

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
    const collected = event.step % STEPS_PER_COLLECTION === 0 ? collectedMemory() : undefined;
    const reading = { step: event.step, rss, heapUsed, external, tensors };
    tell({ type: 'memory', ...reading, ...(collected && { collected }) });
  },
});
if (outcome !== 'finished') process.exitCode = 1;
process.disconnect?.();
