import { evaluatePolynomial, type Polynomial } from './polynomial.ts';

/** Share of the sum of absolute terms under which doubles count as cancelled. */
const TOLERANCE = 1e-10;
const RANGES = [
  [0.3, 3],
  [0.3, 3],
  [3, 40],
  [3, 40],
  [40, 90],
  [-3, -0.3],
  [-40, -3],
] as const;

/**
 * Whether a polynomial is zero.
 * - Without opaque atoms the normal form decides, exactly: the monomials in square roots of different primes, i, π, e
 *   and variables are independent over the rationals (for π with e this is not proved, but never refuted).
 * - With them (cosines, logarithms, nested roots), it is evaluated in doubles at fixed pseudo-random points of
 *   different size and sign and is zero when real and imaginary part cancel to 1e-10 of their terms at every point
 *   where it is defined, and it is defined at three or more.
 */
export function isZero(a: Polynomial): boolean {
  if (a.size === 0) return true;
  const atoms = [...a.values()].flatMap(({ powers }) => powers.map(([atom]) => atom));
  if (!atoms.some(({ kind }) => kind === 'opaque')) return false;
  let defined = 0;
  for (const [index, range] of RANGES.entries()) {
    const parts = evaluatePolynomial(a, (variable) => sample(variable, index, range));
    if (!parts.every(({ value, scale }) => Number.isFinite(value) && Number.isFinite(scale))) {
      continue;
    }
    defined += 1;
    if (parts.some(({ value, scale }) => Math.abs(value) > TOLERANCE * scale)) return false;
  }
  return defined >= 3;
}

/** A fixed value for a variable in a range, by FNV-1a of its name and the point's index. */
function sample(variable: string, index: number, [low, high]: readonly [number, number]): number {
  let hash = 0x811c9dc5;
  for (const character of `${index}:${variable}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash ^= hash >>> 13;
  return low + ((hash >>> 0) / 2 ** 32) * (high - low);
}
