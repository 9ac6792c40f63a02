/** An answer that can't be read, or costs too much to compare; it then compares as text only. */
export class NotComparable extends Error {
  override name = 'NotComparable';
}

/** Numbers past this many bits are not computed with: 2^2005 and 1/2004! are, 9^9^9 is not. */
const MAX_BITS = 20_480;
const SMALL = 1n << 64n;

/** What one comparison may still spend, so that no answer, however built, takes long: a unit is a few µs. */
export class Work {
  #left: number;

  constructor(units = 4_000) {
    this.#left = units;
  }

  /** @throws NotComparable once nothing is left. */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw new NotComparable('too much work');
  }

  /** Pays for one operation on two numbers, by their sizes. */
  spendOn(a: bigint, b: bigint): void {
    if (isSmall(a) && isSmall(b)) {
      this.spend(1);
      return;
    }
    const [bits, otherBits] = [bitLength(a), bitLength(b)];
    this.checkBits(Math.max(bits, otherBits));
    this.spend(1 + (bits * otherBits) / 50_000);
  }

  /** Refuses a power or factorial before it is computed. */
  checkBits(bits: number): void {
    if (!(bits <= MAX_BITS)) throw new NotComparable('too large a number');
  }
}

function isSmall(value: bigint): boolean {
  return value < SMALL && value > -SMALL;
}

/** Bits of a whole number's absolute value. */
export function bitLength(value: bigint): number {
  const digits = (value < 0n ? -value : value).toString(16);
  return digits.length * 4 - Math.clz32(Number.parseInt(digits[0] as string, 16)) + 28;
}
