import type { StopRequest } from './trainer-callback.ts';
import type { Progress } from './training-progress.ts';
import type { LoopOptions } from './training-task.ts';

type PatienceOptions = Pick<
  LoopOptions,
  'earlyStoppingPatience' | 'metricForBestModel' | 'loadBestModelAtEnd'
>;

/**
 * A wish to stop where the last evaluations in a row, as many as the patience, were no new best. The run then ends with
 * the weights of the best one where `load_best_model_at_end` asks for them, as Transformers' early stopping does.
 */
export function patienceLost(
  { best, evaluationsSinceBest: count }: Pick<Progress, 'best' | 'evaluationsSinceBest'>,
  { earlyStoppingPatience: patience, metricForBestModel, loadBestModelAtEnd }: PatienceOptions,
): StopRequest | undefined {
  if (patience === null || best.step === null || count < patience) return undefined;
  const value = `${metricForBestModel ?? 'loss'} was best at step ${best.step} (${best.metric?.toPrecision(4)})`;
  return {
    reason: `${value}; ${count} evaluation${count === 1 ? '' : 's'} since brought no better`,
    bestStep: loadBestModelAtEnd ? best.step : null,
  };
}
