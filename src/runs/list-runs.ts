import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { listCheckpoints } from '../checkpoints/find-checkpoint.ts';
import { readMetrics } from '../metrics/jsonl-sink.ts';
import type { MetricKey } from '../metrics/keys.ts';
import { lockOwner } from './run-lock.ts';
import { type AttemptOutcome, isRunFolder, type RunRecord, readRunRecord } from './run-record.ts';

/** What a run is doing, or how it ended; `killed` when its process vanished without a word. */
export type RunStatus = 'running' | 'killed' | AttemptOutcome;

/** A run at a glance. Reading it changes nothing on disk. */
export interface RunSummary {
  readonly folder: string;
  readonly record: RunRecord;
  readonly status: RunStatus;
  /** The furthest that its last attempt, its metrics or its checkpoints tell of; 0 before the first. */
  readonly step: number;
  /** The last value of every metric. */
  readonly latest: Readonly<Partial<Record<MetricKey, number>>>;
  /** Steps of the whole checkpoints. */
  readonly checkpoints: readonly number[];
}

/** Summarises one run. */
export function readRun(folder: string): RunSummary {
  const record = readRunRecord(folder);
  const { outcome, lastStep = 0 } = record.attempts.at(-1) ?? {};
  const isRunning = lockOwner(folder) !== undefined;
  const metricsFile = join(folder, 'metrics.jsonl');
  const entries = existsSync(metricsFile) ? readMetrics(metricsFile) : [];
  const latest: Partial<Record<MetricKey, number>> = {};
  for (const { metrics } of entries) {
    for (const [key, value] of Object.entries(metrics)) {
      if (typeof value === 'number') latest[key as MetricKey] = value;
    }
  }
  const checkpoints = listCheckpoints(join(folder, 'checkpoints')).map(({ step }) => step);
  return {
    folder,
    record,
    status: isRunning ? 'running' : (outcome ?? 'killed'),
    step: Math.max(entries.at(-1)?.step ?? 0, lastStep, ...checkpoints),
    latest,
    checkpoints,
  };
}

/** The runs below a folder, newest first; entries that are no runs are passed over. */
export function listRuns(root = 'runs'): RunSummary[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .map((name) => join(root, name))
    .filter(
      (folder) => statSync(folder, { throwIfNoEntry: false })?.isDirectory() && isRunFolder(folder),
    )
    .map(readRun)
    .sort((left, right) => right.record.createdAt.localeCompare(left.record.createdAt));
}
