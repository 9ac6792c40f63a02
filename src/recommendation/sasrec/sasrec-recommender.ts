import { setImmediate as nextTurn } from 'node:timers/promises';
import { tidy } from '../../tensor/index.ts';
import { topItems } from '../top-items.ts';
import type { RankedItem, Recommender } from '../types.ts';
import type { SasrecModel } from './sasrec-model.ts';
import { sasrecScores } from './sasrec-scores.ts';

/** Histories that are scored at one time. */
const BATCH = 256;

function rank(
  model: SasrecModel,
  histories: readonly (readonly number[])[],
  count: number,
): RankedItem[][] {
  const { numItems } = model.config;
  const scores = tidy(() => sasrecScores(model, histories).toTypedArray()) as Float32Array;
  return histories.map((_, row) =>
    topItems(scores.subarray(row * numItems, (row + 1) * numItems), count),
  );
}

/** Recommends by a SASRec model: all items ranked by score, those of the history among them. */
export const sasrecRecommender = (model: SasrecModel): Recommender => ({
  name: 'sasrec',
  async recommend(histories, count, signal) {
    const ranked: RankedItem[][] = [];
    for (let start = 0; start < histories.length; start += BATCH) {
      await nextTurn();
      signal?.throwIfAborted();
      ranked.push(...rank(model, histories.slice(start, start + BATCH), count));
    }
    return ranked;
  },
});
