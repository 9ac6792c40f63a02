import { setImmediate as nextTurn } from 'node:timers/promises';
import { tidy } from '../../tensor/index.ts';
import type { NextItem } from '../types.ts';
import type { SasrecModel } from './sasrec-model.ts';
import { sasrecScores } from './sasrec-scores.ts';

const BATCH = 256;

/** Place of an item in the order of `topItems`, counted from 1. */
function rankAmong(scores: Float32Array, target: number): number {
  const own = scores[target]!;
  let rank = 1;
  for (let item = 0; item < target; item++) if (scores[item]! >= own) rank++;
  for (let item = target + 1; item < scores.length; item++) if (scores[item]! > own) rank++;
  return rank;
}

function ranksOf(model: SasrecModel, questions: readonly NextItem[]): number[] {
  const { numItems } = model.config;
  const histories = questions.map(({ history }) => history);
  const scores = tidy(() => sasrecScores(model, histories).toTypedArray()) as Float32Array;
  return questions.map(({ target }, row) =>
    rankAmong(scores.subarray(row * numItems, (row + 1) * numItems), target),
  );
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
