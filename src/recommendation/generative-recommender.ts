import { PackedDecoder } from '../models/index.ts';
import type { ConstrainedDistribution, Policy } from '../policy/index.ts';
import { type Beam, beamSearch } from '../rollouts/index.ts';
import type { ItemLanguage, RankedItem, Recommender } from './types.ts';

export interface GenerativeOptions {
  /** Default `generative`. */
  readonly name?: string;
  /** Beams; unless given the count asked for, or `leastWidth` where that is more. */
  readonly width?: number;
  /** Beams at least, where `width` leaves them to the count asked for. */
  readonly leastWidth?: number | undefined;
  /** Histories read at one time. */
  readonly batchSize?: number;
  /** What a token's log-probability is of; default: as the language says. */
  readonly distribution?: ConstrainedDistribution;
  /** `fixed` lays the matrices out once for all requests, and so sees no later change of them. Default `changing`. */
  readonly weights?: 'changing' | 'fixed';
}

/**
 * The items of beams, best beam first, each with its beam's score. Items that share a path follow each other in the
 * language's order, which knows nothing of what is asked for.
 */
function itemsOfBeams(beams: readonly Beam[], language: ItemLanguage, count: number): RankedItem[] {
  const ranked: RankedItem[] = [];
  for (const { tokens, score } of beams) {
    for (const item of language.itemsOf(tokens)) {
      if (ranked.length === count) return ranked;
      ranked.push({ item, score });
    }
  }
  return ranked;
}

/** Recommends what a language model writes after a history, by beam search over the items; a score is Σ log π, in nats. */
export function generativeRecommender(
  policy: Policy,
  language: ItemLanguage,
  {
    name = 'generative',
    width,
    leastWidth = 1,
    batchSize = 64,
    distribution = language.distribution ?? 'full',
    weights = 'changing',
  }: GenerativeOptions = {},
): Recommender {
  const isLaidOut = weights === 'fixed' && PackedDecoder.fits(policy.model);
  const decoder = isLaidOut ? new PackedDecoder(policy.model) : undefined;
  return {
    name,
    recommend: async (histories, count, signal) => {
      const prompts = histories.map((history) => language.promptOf(history));
      // Of like length together, so that little is padded.
      const order = [...prompts.keys()].sort((a, b) => prompts[a]!.length - prompts[b]!.length);
      const options = {
        constraint: language.trie,
        width: width ?? Math.max(leastWidth, count),
        // A beam stands for an item or more.
        wanted: count,
        distribution,
      };
      const results: (readonly RankedItem[])[] = Array(histories.length);
      for (let first = 0; first < order.length; first += batchSize) {
        const places = order.slice(first, first + batchSize);
        const read = places.map((place) => prompts[place]!);
        const beams = await beamSearch(policy, read, { ...options, decoder, signal });
        for (const [row, place] of places.entries())
          results[place] = itemsOfBeams(beams[row]!, language, count);
      }
      return results;
    },
  };
}
