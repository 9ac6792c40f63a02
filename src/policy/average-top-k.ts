import { setImmediate as nextTurn } from 'node:timers/promises';
import { microBatches, type TrainSequence } from '../batches/index.ts';
import { chunkedTopKStatistics, type TopKStatistics } from '../losses/index.ts';
import { noGrad, tidy } from '../tensor/index.ts';
import type { Policy } from './policy.ts';
import { headOf, packFor, predictingStates } from './score.ts';

/** Means of `TopKStatistics` over positions; null where there are none. */
export type AverageTopK = Readonly<Record<keyof TopKStatistics, number | null>>;

export interface AverageTopKOptions {
  readonly k: number;
  /** Sequences read at one time. */
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
}

const names = ['entropy', 'renormalizedEntropy', 'mass'] as const;

/**
 * How the policy's next-token distributions spread over their k likeliest tokens, as it has them (temperature 1, nothing
 * cut), averaged over all completion tokens of all sequences. Without gradient, and never with all logits at a time.
 */
export async function averageTopK(
  { model, tokenizer: { padTokenId } }: Policy,
  sequences: readonly TrainSequence[],
  { k, batchSize, signal }: AverageTopKOptions,
): Promise<AverageTopK> {
  const sums = { entropy: 0, renormalizedEntropy: 0, mass: 0 };
  let positions = 0;
  for (const rows of microBatches(sequences, batchSize)) {
    await nextTurn();
    signal?.throwIfAborted();
    noGrad(() =>
      tidy(() => {
        const batch = packFor(model, rows, { padTokenId });
        if (batch.targets.size === 0) return;
        const found = chunkedTopKStatistics(predictingStates(model, batch), headOf(model), { k });
        for (const name of names) sums[name] += found[name].to({ dtype: 'float64' }).sum().item();
        positions += batch.targets.size;
      }),
    );
  }
  const mean = (name: (typeof names)[number]) => (positions === 0 ? null : sums[name] / positions);
  return {
    entropy: mean('entropy'),
    renormalizedEntropy: mean('renormalizedEntropy'),
    mass: mean('mass'),
  };
}
