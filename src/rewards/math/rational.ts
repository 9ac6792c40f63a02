import { bitLength, NotComparable, type Work } from './work.ts';

/** An exact fraction in lowest terms; the denominator is positive. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export const ZERO: Rational = { numerator: 0n, denominator: 1n };
export const ONE: Rational = { numerator: 1n, denominator: 1n };

/** The fraction n/d in lowest terms. */
export function rational(n: bigint, d: bigint, work: Work): Rational {
  if (d === 0n) throw new NotComparable('division by zero');
  work.spendOn(n, d);
  const divisor = d === 1n ? 1n : gcd(n, d);
  const sign = d < 0n ? -1n : 1n;
  return { numerator: (sign * n) / divisor, denominator: (sign * d) / divisor };
}

export function addRationals(a: Rational, b: Rational, work: Work): Rational {
  if (a.denominator === b.denominator) {
    return rational(a.numerator + b.numerator, a.denominator, work);
  }
  const n = a.numerator * b.denominator + b.numerator * a.denominator;
  return rational(n, a.denominator * b.denominator, work);
}

export function multiplyRationals(a: Rational, b: Rational, work: Work): Rational {
  return rational(a.numerator * b.numerator, a.denominator * b.denominator, work);
}

/** a^n for a whole n of either sign. */
export function powerOfRational(a: Rational, n: number, work: Work): Rational {
  const size = Math.abs(n);
  if (n < 0 && a.numerator === 0n) throw new NotComparable('division by zero');
  if (isUnit(a)) return size % 2 === 0 && size > 0 ? multiplyRationals(a, a, work) : size ? a : ONE;
  work.checkBits(size * Math.max(bitLength(a.numerator), bitLength(a.denominator)));
  const top = a.numerator ** BigInt(size);
  const bottom = a.denominator ** BigInt(size);
  return n < 0 ? rational(bottom, top, work) : rational(top, bottom, work);
}

/** The nearest double; NaN or infinite where there is none. */
export function toNumber({ numerator, denominator }: Rational): number {
  const excess = BigInt(Math.max(0, bitLength(numerator) - 1000, bitLength(denominator) - 1000));
  return Number(numerator >> excess) / Number(denominator >> excess);
}

/** The whole number this is, where it is one that fits a double exactly. */
export function toInteger({ numerator, denominator }: Rational): number | undefined {
  const value = Number(numerator);
  return denominator === 1n && Number.isSafeInteger(value) ? value : undefined;
}

function isUnit({ numerator, denominator }: Rational): boolean {
  return denominator === 1n && (numerator === 1n || numerator === -1n || numerator === 0n);
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}
