import { ConfigError } from '../errors.ts';

/** What decides which checkpoint is best. */
export interface BestMetricRule {
  /** Evaluation key, `eval_` included. */
  readonly key: string;
  readonly greaterIsBetter: boolean;
}

/** The best evaluation so far. */
export interface BestSoFar {
  readonly metric: number | null;
  readonly step: number | null;
}

/**
 * The rule that the options name, by Transformers' defaults: loss when a best model is asked for without a
 * metric, and higher is better unless the name ends in loss.
 * @returns undefined when no best model is asked for.
 */
export function bestMetricRule({
  metricForBestModel,
  greaterIsBetter,
  loadBestModelAtEnd,
}: {
  metricForBestModel: string | null;
  greaterIsBetter: boolean | null;
  loadBestModelAtEnd: boolean;
}): BestMetricRule | undefined {
  const name = metricForBestModel ?? (loadBestModelAtEnd ? 'loss' : null);
  if (name === null) return undefined;
  return {
    key: name.startsWith('eval_') ? name : `eval_${name}`,
    greaterIsBetter: greaterIsBetter ?? !name.endsWith('loss'),
  };
}

/**
 * Compares an evaluation with the best so far; an equal one does not replace it.
 * @throws ConfigError when the evaluation has no such metric, listing those it has.
 */
export function updateBest(
  best: BestSoFar,
  { key, greaterIsBetter }: BestMetricRule,
  { step, metrics }: { step: number; metrics: Readonly<Record<string, number | null | undefined>> },
): BestSoFar {
  const value = metrics[key];
  if (value === undefined) {
    const known = Object.keys(metrics).join(', ');
    throw new ConfigError(`metric_for_best_model: the evaluation has no ${key}; it has ${known}`);
  }
  if (value === null || !Number.isFinite(value)) return best;
  const isBetter =
    best.metric === null || (greaterIsBetter ? value > best.metric : value < best.metric);
  return isBetter ? { metric: value, step } : best;
}
