import { setImmediate as nextTurn } from 'node:timers/promises';
import { arange, tidy, tokenTensor } from '../../tensor/index.ts';
import type { NextItem } from '../types.ts';
import type { SasrecModel } from './sasrec-model.ts';
import { sasrecScores } from './sasrec-scores.ts';

const BATCH = 256;

function ranksOf(model: SasrecModel, questions: readonly NextItem[]): number[] {
  return tidy(() => {
    const scores = sasrecScores(
      model,
      questions.map(({ history }) => history),
    );
    const targets = tokenTensor(
      questions.map(({ target }) => target),
      [questions.length, 1],
    );
    const own = scores.gather(1, targets);
    const earlier = arange(0, model.config.numItems).unsqueeze(0).less(targets);
    const before = scores.greater(own).logicalOr(scores.eq(own).logicalAnd(earlier));
    return before.sum(1).toArray();
  });
}

/** Ranks of the answers among all items, 0 the best; of equal scores the lower place comes first. */
export async function sasrecRanks(
  model: SasrecModel,
  questions: readonly NextItem[],
  signal?: AbortSignal,
): Promise<number[]> {
  const ranks: number[] = [];
  for (let start = 0; start < questions.length; start += BATCH) {
    await nextTurn();
    signal?.throwIfAborted();
    ranks.push(...ranksOf(model, questions.slice(start, start + BATCH)));
  }
  return ranks;
}

/** HR@k and NDCG@k of ranks counted from 0, one right answer each. */
export function rankMetrics(ranks: readonly number[], k: number): { hr: number; ndcg: number } {
  const hits = ranks.filter((rank) => rank < k);
  const gain = hits.reduce((sum, rank) => sum + 1 / Math.log2(rank + 2), 0);
  return { hr: hits.length / ranks.length, ndcg: gain / ranks.length };
}
