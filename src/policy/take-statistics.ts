import {
  type LossMetric,
  readStatistics,
  type Statistic,
  type Statistics,
} from '../losses/index.ts';
import { dispose, type Tensor } from '../tensor/index.ts';

const tensorsOf = (statistic: Statistic): Tensor[] =>
  statistic.reduce === 'mean' ? [statistic.sum, statistic.count] : [statistic.value];

/** Combines the statistics of micro-batches into metrics and frees them. */
export function takeStatistics(parts: readonly Statistics[]): Partial<Record<LossMetric, number>> {
  const metrics = readStatistics(parts);
  dispose(...parts.flatMap((part) => Object.values(part)).flatMap(tensorsOf));
  return metrics;
}
