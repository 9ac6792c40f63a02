import { streamSeed } from '../data/index.ts';

/**
 * The dropout seed of one micro-batch of one update, so that a resumed run drops what the whole run would have dropped.
 * @returns undefined where the run has none: nothing is dropped.
 */
export function stepSeed(seed: number | undefined, update: number, microBatch: number) {
  if (seed === undefined) return undefined;
  const ofUpdate = Number(BigInt.asUintN(32, streamSeed(seed, update)));
  return Number(BigInt.asUintN(32, streamSeed(ofUpdate, microBatch)));
}
