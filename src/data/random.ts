import { createHash } from 'node:crypto';

const MASK = (1n << 64n) - 1n;
const GOLDEN_GAMMA = 0x9e3779b97f4a7c15n;

/**
 * The `counter`-th output (from 0) of the SplitMix64 stream of a seed; reading it needs no earlier output.
 *   z = seed + (counter + 1)·γ;  z = (z ⊕ z≫30)·0xbf58476d1ce4e5b9;  z = (z ⊕ z≫27)·0x94d049bb133111eb;  z ⊕ z≫31
 * Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", Fig. 17 with Stafford's variant 13.
 */
export function splitmix64(seed: bigint, counter: bigint): bigint {
  let z = (seed + (counter + 1n) * GOLDEN_GAMMA) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

/** Draws a whole number from 0 to `bound` − 1, all equally likely. */
export type RandomInteger = (bound: number) => number;

/**
 * Unbiased whole numbers from one stream, by multiplication and rejection.
 * Lemire 2019, "Fast random integer generation in an interval", Alg. 5.
 */
export function randomIntegers(seed: bigint): RandomInteger {
  let counter = 0n;
  return (bound) => {
    if (!Number.isSafeInteger(bound) || bound < 1) {
      throw new RangeError(`randomIntegers: bound must be a positive whole number, found ${bound}`);
    }
    const range = BigInt(bound);
    const threshold = ((1n << 64n) - range) % range;
    for (;;) {
      const product = splitmix64(seed, counter++) * range;
      if ((product & MASK) >= threshold) return Number(product >> 64n);
    }
  };
}

/** The seed of one of many independent streams that belong to a seed: one per epoch, say. */
export function streamSeed(seed: number, stream: number): bigint {
  return splitmix64(BigInt.asUintN(64, BigInt(seed)), BigInt(stream));
}

/**
 * The seed of one use of randomness among those that share a run's seed: uses never share a stream, whatever the
 * seeds of two runs. The first 52 bits of SHA-256 of purpose and seed.
 */
export function purposeSeed(seed: number, purpose: string): number {
  const hash = createHash('sha256').update(`${purpose} ${seed}`).digest();
  return Number(hash.readBigUInt64BE() >> 12n);
}
