import type { Surrogate } from './surrogate.ts';

/**
 * The policy gradient itself, without a ratio.
 *   L_t = −Â_t log π_θ(o_t)
 * Williams 1992, Machine Learning 8, 229–256. Exact on data of the current policy only: nothing corrects for older data.
 */
export const reinforce = (): Surrogate => (terms) => ({
  perToken: terms.logprobs.mul(terms.advantages).neg(),
  statistics: {},
});
