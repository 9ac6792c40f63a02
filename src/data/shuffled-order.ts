import { randomIntegers, streamSeed } from './random.ts';

/**
 * The order in which an epoch visits rows 0 … `length` − 1: a Fisher–Yates shuffle that depends on nothing but its
 * arguments, so that a resumed run sees what the interrupted one would have.
 */
export function shuffledOrder(length: number, seed: number, epoch = 0): Uint32Array {
  const order = Uint32Array.from({ length }, (_, index) => index);
  const draw = randomIntegers(streamSeed(seed, epoch));
  for (let last = length - 1; last > 0; last--) {
    const other = draw(last + 1);
    const kept = order[last]!;
    order[last] = order[other]!;
    order[other] = kept;
  }
  return order;
}
