import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { listCheckpoints } from '../../checkpoints/find-checkpoint.ts';
import { readYamlFile } from '../../config/index.ts';
import { readMetrics } from '../../metrics/jsonl-sink.ts';
import type { MetricsEntry } from '../../metrics/metrics-sink.ts';
import { readEvents } from '../run-events.ts';
import { lockOwner } from '../run-lock.ts';
import { type RunRecord, readRunRecord } from '../run-record.ts';
import { readAnnotations } from './annotations.ts';
import type { IndexedLine, RunEntry, RunIndex, RunStanding } from './run-index.ts';
import { runOrigin } from './run-origin.ts';
import { trainingClock } from './training-clock.ts';

type Options = Readonly<Record<string, unknown>>;

/**
 * Enters a run from its folder, in place of what the database held of it.
 * @returns the run's id.
 * @throws DataError naming the file that cannot be read.
 */
export function indexRun(index: RunIndex, folder: string): number {
  // Read while nobody else writes here: what its trainer enters, it has put into the folder before.
  return index.write(() => {
    const record = readRunRecord(folder);
    const metricsFile = join(folder, 'metrics.jsonl');
    const entries = existsSync(metricsFile) ? readMetrics(metricsFile) : [];
    const annotations = readAnnotations(folder);
    const events = readEvents(folder);
    const entry = { ...describeRun(folder, record), ...standingWith(entries, folder, record) };
    const id = index.putRun(entry);
    index.clear(id);
    index.putAttempts(id, record.attempts);
    index.putLines(id, placeLines(record, entries));
    index.sumUp(id);
    for (const event of events) index.putEvent(id, event);
    index.annotate(id, annotations);
    index.setStanding(id, entry);
    return id;
  });
}

/** What a run's folder says of it, besides how it stands. */
export function describeRun(folder: string, record: RunRecord): Omit<RunEntry, keyof RunStanding> {
  const { trainer, totalSteps, seed, createdAt, attempts } = record;
  const options = readOptions(folder);
  return {
    folder: basename(resolve(folder)),
    trainer,
    totalSteps,
    seed,
    createdAt,
    ...runOrigin(folder, attempts[0]?.command ?? [], record.origin),
    completionsPerStep: completionsPerStep(trainer, options),
  };
}

/** As {@link standingOf}, with what its metrics tell. */
export function standingWith(
  entries: readonly MetricsEntry[],
  folder: string,
  record: RunRecord,
): RunStanding {
  const { step, updatedAt, ...standing } = standingOf(folder, record);
  const last = entries.at(-1);
  if (last === undefined) return { ...standing, step, updatedAt };
  const logged = new Date(last.time * 1000).toISOString();
  return {
    ...standing,
    step: Math.max(step, last.step),
    updatedAt: [logged, updatedAt].sort().at(-1)!,
  };
}

/** How a run stands by its folder: one whose process is gone without a word was interrupted, by being killed. */
export function standingOf(folder: string, record = readRunRecord(folder)): RunStanding {
  const { outcome, reason = null, endedAt = null, lastStep = 0 } = record.attempts.at(-1) ?? {};
  const { startedAt = record.createdAt } = record.attempts.at(-1) ?? {};
  const checkpoints = listCheckpoints(join(folder, 'checkpoints')).map(({ step }) => step);
  const step = Math.max(lastStep, ...checkpoints);
  if (lockOwner(folder) !== undefined)
    return { state: 'running', reason: null, step, updatedAt: startedAt, endedAt: null };
  if (outcome === undefined)
    return { state: 'interrupted', reason: 'killed', step, updatedAt: startedAt, endedAt: null };
  return { state: outcome, reason, step, updatedAt: endedAt ?? startedAt, endedAt };
}

function readOptions(folder: string): Options {
  const file = join(folder, 'config.yaml');
  return existsSync(file) ? readYamlFile(file) : {};
}

/** Trainers whose rows are pairs of completions. */
const pairTrainers = new Set(['dpo', 'reward']);

/** Each row of supervised training is a completion; each pair holds two. */
function completionsPerStep(trainer: string, options: Options): number | null {
  const batch = options['per_device_train_batch_size'];
  const accumulation = options['gradient_accumulation_steps'];
  if (typeof batch !== 'number' || typeof accumulation !== 'number') return null;
  return batch * accumulation * (pairTrainers.has(trainer) ? 2 : 1);
}

/** Places lines on the axes besides their step. */
export function placeLines(
  { attempts }: RunRecord,
  entries: readonly MetricsEntry[],
): IndexedLine[] {
  const clock = trainingClock(attempts.map(({ startedAt }) => Date.parse(startedAt) / 1000));
  let tokens = 0;
  return entries.map((entry) => {
    tokens = Math.max(tokens, entry.metrics.num_tokens ?? 0);
    return { ...entry, elapsed: clock(entry.time), tokens };
  });
}
