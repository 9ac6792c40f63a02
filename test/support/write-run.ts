/** A trainer's process as far as the store sees it: `write-run.ts ROOT NAME LINES`; waits for nobody and ends by itself. */
import { setTimeout as wait } from 'node:timers/promises';
import { JsonlSink, MetricsLog } from '../../src/metrics/index.ts';
import { createRun, RunJournal, StoreSink } from '../../src/runs/index.ts';

const [root, name, lines] = process.argv.slice(2) as [string, string, string];
const run = createRun(
  {
    trainer: 'grpo',
    seed: 1,
    configYaml: 'per_device_train_batch_size: 1\ngradient_accumulation_steps: 1\n',
    fingerprint: {},
    laurelVersion: '0.1.0',
    totalSteps: Number(lines),
  },
  { root, name },
);
const warn = (message: string): void => console.error(message);
const store = new StoreSink(run, { warn });
const journal = new RunJournal(run.folder, store, warn);
const log = new MetricsLog({ sinks: [new JsonlSink(run.metricsFile), store], loggingSteps: 1 });
store.open();
for (let step = 1; step <= Number(lines); step++) {
  log.record({ loss: 1 / step, reward: step, num_tokens: 10 * step });
  await log.endStep(step);
  if (step % 100 === 0) journal.note('checkpoint', '', `checkpoint-${step}`, step);
  await wait(1);
}
run.close('finished', { lastStep: Number(lines) });
store.end();
await log.close();
