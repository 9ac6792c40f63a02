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
    return before.sum(1).add(1).toArray();
  });
}

/** Ranks of the answers among all items, counted from 1; of equal scores the lower place comes first. */
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
