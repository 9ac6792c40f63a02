import { metricDefinition } from '../../metrics/index.ts';
import type { MetricView } from '../api.ts';

/** The group of charts that a metric belongs to. */
function groupOf(key: string): string {
  if (key.startsWith('eval_')) return 'evaluation';
  const slash = key.indexOf('/');
  return slash < 0 ? 'training' : key.slice(0, slash);
}

/** The metrics that a run logged, each with its definition. */
export function metricViews(
  keys: readonly string[],
  latest: Readonly<Record<string, number | null>>,
): MetricView[] {
  return keys.map((key) => {
    const { unit = '', definition = '', estimator = '' } = metricDefinition(key) ?? {};
    return { key, group: groupOf(key), unit, definition, estimator, last: latest[key] ?? null };
  });
}
