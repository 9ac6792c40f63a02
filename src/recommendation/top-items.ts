import type { RankedItem } from './types.ts';

/**
 * The best `count` of a catalogue's scores, best first; of equal scores the lower place comes first.
 * @param scores - One per item, by place.
 */
export function topItems(scores: ArrayLike<number>, count: number): RankedItem[] {
  const best: RankedItem[] = [];
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item]!;
    if (best.length === count && !(score > best[count - 1]!.score)) continue;
    let place = Math.min(best.length, count - 1);
    while (place > 0 && score > best[place - 1]!.score) {
      best[place] = best[place - 1]!;
      place -= 1;
    }
    best[place] = { item, score };
  }
  return best;
}
