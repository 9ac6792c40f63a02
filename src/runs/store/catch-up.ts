import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readMetrics } from '../../metrics/jsonl-sink.ts';
import type { MetricsEntry } from '../../metrics/metrics-sink.ts';
import { readEvents } from '../run-events.ts';
import { readRunRecord } from '../run-record.ts';
import { describeRun, indexRun, placeLines, standingWith } from './index-run.ts';
import type { RunIndex } from './run-index.ts';

/**
 * Enters what a run's folder has and the database has not: lines and events at the end, where what is there fits; the whole
 * run otherwise. Cheap for a run that is only a little ahead.
 * @returns the run's id.
 * @throws DataError naming the file that cannot be read.
 */
export function catchUp(index: RunIndex, folder: string): number {
  // Read while nobody else writes here: what its trainer enters, it has put into the folder before.
  const id = index.write(() => {
    const record = readRunRecord(folder);
    const metricsFile = join(folder, 'metrics.jsonl');
    const entries = existsSync(metricsFile) ? readMetrics(metricsFile) : [];
    const events = readEvents(folder);
    const standing = standingWith(entries, folder, record);
    const entered = index.putRun({ ...describeRun(folder, record), ...standing });
    const known = index.extent(entered);
    if (!isPrefix(known, entries) || known.events > events.length) return undefined;
    index.putAttempts(entered, record.attempts);
    // A step's second line, an evaluation's say, may be missing where its first is not.
    const missing = placeLines(record, entries).filter((line) => line.step >= known.lastStep);
    index.putLines(entered, missing);
    for (const event of events.slice(known.events)) index.putEvent(entered, event);
    index.setStanding(entered, standing);
    return entered;
  });
  return id ?? indexRun(index, folder);
}

/** Whether the steps of the database are the first ones of the file. */
function isPrefix(
  { lines, lastStep }: { readonly lines: number; readonly lastStep: number },
  entries: readonly MetricsEntry[],
): boolean {
  const steps = new Set(entries.map(({ step }) => step).filter((step) => step <= lastStep));
  return lines === 0 || (steps.size === lines && steps.has(lastStep));
}
