import { assertSameShape, type Tensor } from '../tensor/index.ts';
import { type Aggregation, type BatchTotals, tokenMean, totalsOf } from './aggregate.ts';
import type { LossResult } from './policy-loss.ts';
import { type Statistics, sumStatistic, tokenStatistic } from './statistics.ts';

/** What a supervised loss is computed from. Every tensor is [B, T]. */
export interface SupervisedInputs {
  /** log π_θ of the token that the data has there, in nats; gradient flows. */
  readonly logprobs: Tensor;
  /** 1 where the token is trained on, else 0. */
  readonly completionMask: Tensor;
  /** Whether the token is the most likely one, bool; reported as `mean_token_accuracy`. */
  readonly isArgmax?: Tensor | undefined;
  /** Entropy of the prediction; reported. */
  readonly entropy?: Tensor | undefined;
}

/**
 * Cross-entropy with the data.
 *   L = −agg_t log π_θ(y_t | x, y_<t)
 * Divides by the batch's trained tokens, as Hugging Face's loss with `num_items_in_batch` does.
 */
export function supervisedLoss(
  inputs: SupervisedInputs,
  totals: BatchTotals = totalsOf(inputs.completionMask),
  { aggregate = tokenMean }: { aggregate?: Aggregation } = {},
): LossResult {
  const { logprobs, completionMask, isArgmax, entropy } = inputs;
  const given = { logprobs, completionMask, isArgmax, entropy };
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  assertSameShape('supervisedLoss', Object.fromEntries(present) as Record<string, Tensor>);
  const statistics: Statistics = {
    num_tokens: sumStatistic(completionMask.sum()),
    ...(isArgmax && {
      mean_token_accuracy: tokenStatistic(isArgmax.to({ dtype: 'float64' }), completionMask),
    }),
    ...(entropy && { entropy: tokenStatistic(entropy, completionMask) }),
  };
  return { loss: aggregate(logprobs.neg(), completionMask, totals), statistics };
}
