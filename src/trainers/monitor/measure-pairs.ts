import { setImmediate as nextTurn } from 'node:timers/promises';
import { microBatches, type TrainSequence } from '../../batches/index.ts';
import type { Metrics } from '../../metrics/index.ts';
import { type Policy, scoreSequences } from '../../policy/index.ts';
import { mean } from './mean.ts';

/** A held-out completion and, in preference data, a worse one of the same prompt. */
export interface HeldOutPair {
  readonly chosen: TrainSequence;
  readonly rejected?: TrainSequence;
}

interface MeasureOptions {
  /** Sequences read at one time. */
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
}

/** The mean over sequences of log π of the average completion token, in nats; null without sequences. */
export async function meanLikelihood(
  { model, tokenizer: { padTokenId } }: Policy,
  sequences: readonly TrainSequence[],
  { batchSize, signal }: MeasureOptions,
): Promise<number | null> {
  const likelihoods: number[] = [];
  for (const rows of microBatches(sequences, batchSize)) {
    await nextTurn();
    signal?.throwIfAborted();
    const options = { temperature: 1, logprobDistribution: 'full', padTokenId, batchSize } as const;
    for (const [i, { logprobs }] of scoreSequences(model, rows, options).entries()) {
      const trained = logprobs.filter((_, t) => rows[i]!.completionMask[t] === 1);
      const likelihood = mean(trained);
      if (likelihood !== null) likelihoods.push(likelihood);
    }
  }
  return mean(likelihoods);
}

/**
 * Likelihoods of held-out completions, without the reference: LLH_w, LLH_l and their gap.
 *   LLH = mean over pairs of 1/|y| Σ_t log π_θ(y_t | x, y_<t)
 * Shi et al. 2024, arXiv:2410.11677.
 */
export async function measurePairs(
  policy: Policy,
  pairs: readonly HeldOutPair[],
  options: MeasureOptions,
): Promise<Metrics> {
  if (pairs.length === 0) return {};
  const better = pairs.map(({ chosen }) => chosen);
  const chosen = await meanLikelihood(policy, better, options);
  const worse = pairs.flatMap((pair) => pair.rejected ?? []);
  if (worse.length === 0) return { 'monitor/likelihood_chosen': chosen };
  const rejected = await meanLikelihood(policy, worse, options);
  return {
    'monitor/likelihood_chosen': chosen,
    'monitor/likelihood_rejected': rejected,
    'monitor/likelihood_gap': chosen === null || rejected === null ? null : chosen - rejected,
  };
}
