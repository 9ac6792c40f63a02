import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readMetrics } from '../metrics/jsonl-sink.ts';
import type { MetricKey } from '../metrics/keys.ts';

/** A run's values of one metric by step, where it has a value; empty for a metric it never logged. */
export function metricSeries(runFolder: string, key: MetricKey): [step: number, value: number][] {
  const file = join(runFolder, 'metrics.jsonl');
  if (!existsSync(file)) return [];
  return readMetrics(file).flatMap(({ step, metrics }): [number, number][] => {
    const value = metrics[key];
    return typeof value === 'number' ? [[step, value]] : [];
  });
}
