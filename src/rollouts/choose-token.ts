import type { SetValues } from '../policy/index.ts';

type Logprobs = SetValues['values'];

/** Largest float32 below 1: keeps a uniform number times a sum strictly below the sum. */
const BELOW_ONE = 1 - 2 ** -24;

/** Index of the likeliest; of equals the first. */
function likeliest(logprobs: Logprobs): number {
  let best = 0;
  for (let index = 1; index < logprobs.length; index++)
    if (logprobs[index]! > logprobs[best]!) best = index;
  return best;
}

/** Σ of exp(logprobs) up to each place, up to a factor: they need not add up to 1. */
function cumulated(logprobs: Logprobs): Float64Array {
  const most = logprobs[likeliest(logprobs)]!;
  const sums = new Float64Array(logprobs.length);
  let sum = 0;
  for (let index = 0; index < sums.length; index++) {
    sum += Math.exp(logprobs[index]! - most);
    sums[index] = sum;
  }
  return sums;
}

/**
 * Inverse transform sampling: the first place whose sum exceeds the uniform number's share of all, so that one of weight
 * 0 is never drawn. Of numbers that are none the first, whose log-probability then says so.
 */
function drawPlace(sums: Float64Array, uniform: number): number {
  const threshold = uniform * sums.at(-1)! * BELOW_ONE;
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! <= threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How each row's tokens are chosen: the row's sums are made once for all completions that stand on it. */
export function chooser(
  { values, offsets }: SetValues,
  temperature: number,
): (row: number, uniform: number) => { index: number; logprob: number } {
  const rows = new Map<number, Float64Array>();
  return (row, uniform) => {
    const logprobs = values.subarray(offsets[row]!, offsets[row + 1]!);
    if (temperature > 0 && !rows.has(row)) rows.set(row, cumulated(logprobs));
    const index = temperature > 0 ? drawPlace(rows.get(row)!, uniform) : likeliest(logprobs);
    return { index, logprob: logprobs[index]! };
  };
}
