import { stack, type Tensor, tidy } from '../tensor/index.ts';
import { onlyTrained } from './aggregate.ts';

/** Metrics that losses report, by TRL's names. */
export type LossMetric =
  | 'clip_ratio/region_mean'
  | 'clip_ratio/low_mean'
  | 'clip_ratio/low_min'
  | 'clip_ratio/high_mean'
  | 'clip_ratio/high_max'
  | 'cispo_clip_ratio'
  | 'kl'
  | 'entropy'
  | 'policy_loss'
  | 'mean_token_accuracy'
  | 'num_tokens'
  | 'rewards/chosen'
  | 'rewards/rejected'
  | 'rewards/accuracies'
  | 'rewards/margins'
  | 'logps/chosen'
  | 'logps/rejected'
  | 'logits/chosen'
  | 'logits/rejected'
  | 'min_reward'
  | 'mean_reward'
  | 'max_reward'
  | 'accuracy'
  | 'margin';

/** One micro-batch's part of a metric, in the form in which parts combine exactly. Scalars, float64, detached. */
export type Statistic =
  | { readonly reduce: 'mean'; readonly sum: Tensor; readonly count: Tensor }
  | { readonly reduce: 'sum' | 'min' | 'max'; readonly value: Tensor };

export type Statistics = Readonly<Partial<Record<LossMetric, Statistic>>>;

const exact = (scalar: Tensor): Tensor => scalar.detach().to({ dtype: 'float64' });

/** The mean over trained tokens of `perToken` [B, T]. */
export const tokenStatistic = (perToken: Tensor, completionMask: Tensor): Statistic => ({
  reduce: 'mean',
  sum: exact(onlyTrained(perToken.detach(), completionMask).sum()),
  count: exact(completionMask.sum()),
});

/** The mean of `values`, whatever their shape. */
export const meanStatistic = (values: Tensor, count: Tensor): Statistic => ({
  reduce: 'mean',
  sum: exact(values.sum()),
  count: exact(count),
});

/** A quantity that adds up over micro-batches. */
export const sumStatistic = (value: Tensor): Statistic => ({ reduce: 'sum', value: exact(value) });

/** The smallest or largest over sequences [B]; ±Infinity stands for a sequence that does not count. */
export const extremeStatistic = (reduce: 'min' | 'max', perSequence: Tensor): Statistic => ({
  reduce,
  value: exact(reduce === 'min' ? perSequence.min() : perSequence.max()),
});

const scalarsOf = (statistic: Statistic): Tensor[] =>
  statistic.reduce === 'mean' ? [statistic.sum, statistic.count] : [statistic.value];

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function combine(reduce: Statistic['reduce'], rows: readonly (readonly number[])[]): number {
  const first = rows.map((row) => row[0] as number);
  switch (reduce) {
    case 'mean':
      return total(first) / Math.max(total(rows.map((row) => row[1] as number)), 1);
    case 'sum':
      return total(first);
    case 'min':
      return Math.min(...first);
    case 'max':
      return Math.max(...first);
  }
}

/**
 * The metrics of a batch from those of its micro-batches, in one read from the engine. A minimum or maximum over no
 * sequence is left out.
 */
export function readStatistics(parts: readonly Statistics[]): Partial<Record<LossMetric, number>> {
  const entries = parts.flatMap((part) => Object.entries(part) as [LossMetric, Statistic][]);
  if (entries.length === 0) return {};
  const numbers = tidy(() =>
    stack(entries.flatMap(([, statistic]) => scalarsOf(statistic))).toArray(),
  );
  const rows = new Map<LossMetric, { reduce: Statistic['reduce']; rows: number[][] }>();
  let position = 0;
  for (const [metric, { reduce }] of entries) {
    const width = reduce === 'mean' ? 2 : 1;
    const known = rows.get(metric) ?? { reduce, rows: [] };
    known.rows.push(numbers.slice(position, position + width));
    rows.set(metric, known);
    position += width;
  }
  const metrics = [...rows].map(([metric, known]) => [metric, combine(known.reduce, known.rows)]);
  return Object.fromEntries(
    metrics.filter(([, value]) => Math.abs(value as number) !== Infinity),
  ) as Partial<Record<LossMetric, number>>;
}
