import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Flatness, judgeFlatness } from './flatness.ts';
import type { MemoryReading } from './messages.ts';
import { storeResult } from './results.ts';
import { startTraining } from './training-process.ts';

const STEPS_PER_ROW = 100;
/** Of one process, to be judged by: those of 500 steps. */
const FEWEST_READINGS = 50;
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** Memory readings of every process that worked on the run, in order. */
type Readings = MemoryReading[][];

const readingsFile = (folder: string) => join(folder, 'soak-memory.jsonl');

/** The readings of earlier processes; one begins where the step does not grow. */
function earlierReadings(folder: string): Readings {
  const file = readingsFile(folder);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const readings: Readings = [];
  for (const line of lines) {
    const reading = JSON.parse(line) as MemoryReading;
    const isNew = readings.at(-1) === undefined || reading.step <= readings.at(-1)!.at(-1)!.step;
    if (isNew) readings.push([]);
    readings.at(-1)!.push(reading);
  }
  return readings;
}

function printRow(reading: MemoryReading, reward: number | null): void {
  const { step, rss, collected, external, tensors } = reading;
  const settled = collected ? [collected.rss, collected.heapUsed].map(megabytes) : ['', ''];
  const cells = [step, megabytes(rss), ...settled, megabytes(external), tensors];
  console.log(`| ${cells.join(' | ')} | ${reward?.toFixed(3) ?? ''} |`);
}

function describe(flatness: Flatness): string {
  const { fromStep, toStep, rssFirst, rssLast, rssSlope, heapFirst, heapLast } = flatness;
  const { ceilingFirst, ceilingLast, tensorsMin, tensorsMax } = flatness;
  const change = (first: number, last: number) =>
    `${megabytes(first)} → ${megabytes(last)} MB (${(100 * (last / first - 1)).toFixed(2)}%)`;
  return [
    `steps ${fromStep} to ${toStep}: ${flatness.isFlat ? 'flat' : 'NOT flat'}`,
    `  resident memory after collections, first and last quarter: ${change(rssFirst, rssLast)}, ${megabytes(rssSlope)} MB per 1,000 steps`,
    `  of it V8's heap: ${change(heapFirst, heapLast)}`,
    `  highest with garbage, first and second half: ${change(ceilingFirst, ceilingLast)}`,
    `  live tensors: ${tensorsMin} to ${tensorsMax}`,
  ].join('\n');
}

/** `npm run soak`: trains and watches memory. Run again on the same folder, it goes on from the last checkpoint. */
export async function soakMemory(
  folder: string,
  maxSteps: number,
  results: string,
): Promise<boolean> {
  mkdirSync(folder, { recursive: true });
  const run = join(folder, 'run');
  const readings = earlierReadings(folder);
  const current: MemoryReading[] = [];
  const startedAt = performance.now();
  let rewards: number[] = [];
  console.log(
    '| step | resident MB | after a collection | heap then | external MB | live tensors | reward |',
  );
  console.log('|---|---|---|---|---|---|---|');
  const { ended } = startTraining({
    folder: run,
    maxSteps,
    saveSteps: 25,
    onMessage: (message) => {
      if (message.type === 'warning') console.log(`warning: ${message.message}`);
      if (message.type === 'step-end' && message.reward !== null) rewards.push(message.reward);
      if (message.type !== 'memory') return;
      const { type: _, ...reading } = message;
      current.push(reading);
      appendFileSync(readingsFile(folder), `${JSON.stringify(reading)}\n`);
      if (reading.step % STEPS_PER_ROW !== 0) return;
      printRow(reading, rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length);
      rewards = [];
    },
  });
  const { code, signal, errors } = await ended;
  if (current.length > 0) readings.push(current);
  const processes = readings.filter(({ length }) => length >= FEWEST_READINGS);
  const judged = processes.map(judgeFlatness);
  for (const flatness of judged) console.log(describe(flatness));
  if (code !== 0) {
    console.log(`training ended with ${signal ?? code}: ${errors}\nrun the same command to go on`);
    return false;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const rows = processes.map((part) => part.filter(({ step }) => step % STEPS_PER_ROW === 0));
  storeResult(results, 'memory', { maxSteps, seconds, judged, readings: rows });
  if (judged.length === 0) console.log('too few steps to judge memory by: 500 or more will do');
  return judged.every(({ isFlat }) => isFlat);
}
