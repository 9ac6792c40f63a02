import { callTensor, type Tensor } from '../tensor/index.ts';

/** Zeroes elements at random and divides the rest by the share that is kept; Srivastava et al. 2014, as PyTorch's. */
export interface Dropout {
  /** Share that is zeroed. (0, 1) */
  readonly share: number;
  /** Which elements are, with their places: another number at every call. */
  readonly nextSeed: () => number;
}

/** Seeds that one forward pass may use, and those of one of its places. */
const PASS_SEEDS = 2 ** 20;
const PLACE_SEEDS = 8;

/**
 * The dropout of one place of a model; undefined where nothing is dropped. Made again it draws the same numbers, and no
 * other place or pass draws them.
 * @param passSeed - Below 2³².
 */
export function dropoutAt(
  place: number,
  { share = 0, passSeed }: { share?: number | undefined; passSeed: number | undefined },
): Dropout | undefined {
  if (share === 0 || passSeed === undefined) return undefined;
  let seed = passSeed * PASS_SEEDS + place * PLACE_SEEDS;
  return { share, nextSeed: () => seed++ };
}

/** x with elements dropped at random; x itself without dropout. */
export const drop = (x: Tensor, dropout: Dropout | undefined): Tensor =>
  dropout === undefined
    ? x
    : callTensor('laurel::seeded_dropout', x, dropout.share, dropout.nextSeed());
