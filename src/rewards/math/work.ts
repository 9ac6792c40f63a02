/** An answer that can't be read, or costs too much to compare; it then compares as text only. */
export class NotComparable extends Error {
  override name = 'NotComparable';
}

/** Numbers past this many bits are not computed with: 2^2005 and 1/2004! are, 9^9^9 is not. */
const MAX_BITS = 20_480;
const SMALL = 1n << 64n;

/** What one comparison may still spend, so that no answer, however built, takes long: a unit is about 1 µs. */
export class Work {
  #left: number;

  constructor(units = 10_000) {
    this.#left = units;
  }

  /** @throws NotComparable once nothing is left. */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw new NotComparable('too much work');
  }

  /** Pays for one operation on a number, by its size. */
  spendOn(value: bigint): void {
    const bits = value < SMALL && value > -SMALL ? 0 : bitLength(value);
    this.checkBits(bits);
    this.spend(1 + (bits * bits) / 80_000);
  }

  /** Refuses a power or factorial before it is computed. */
  checkBits(bits: number): void {
    if (!(bits <= MAX_BITS)) throw new NotComparable('too large a number');
  }
}

/** Bits of a whole number's absolute value. */
export function bitLength(value: bigint): number {
  const digits = (value < 0n ? -value : value).toString(16);
  return digits.length * 4 - Math.clz32(Number.parseInt(digits[0] as string, 16)) + 28;
}
