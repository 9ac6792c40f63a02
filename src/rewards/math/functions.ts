import { type Atom, asRational, type Point } from './polynomial.ts';
import {
  divide,
  evaluateQuotient,
  fromAtom,
  fromRational,
  multiply,
  type Quotient,
  quotientKey,
} from './quotient.ts';
import { ONE, type Rational, rational } from './rational.ts';
import { NotComparable, type Work } from './work.ts';

/** Radicands are factored by trial division up to here; what is left below its square is prime. */
const TRIAL_LIMIT = 10_000n;

/**
 * A function of a quotient: exact where it is a root, sin and cos as atoms that tan, cot, sec and csc are made of,
 * the rest as atoms that only their own argument equals (see `isZero` for how such atoms compare).
 */
export function fromFunction(
  name: string,
  of: Quotient,
  base: Quotient | undefined,
  work: Work,
): Quotient {
  const plain = (other: string) => opaque(other, of);
  switch (name) {
    case 'sqrt':
      return base ? nthRoot(of, base, work) : squareRoot(of, work);
    case 'pow':
      return opaque('pow', of, base);
    case 'tan':
      return divide(plain('sin'), plain('cos'), work);
    case 'cot':
      return divide(plain('cos'), plain('sin'), work);
    case 'sec':
      return divide(fromRational(ONE), plain('cos'), work);
    case 'csc':
      return divide(fromRational(ONE), plain('sin'), work);
    case 'log':
      return base ? divide(plain('ln'), opaque('ln', base), work) : plain('log');
    case 'abs':
      return absolute(of, work);
    default:
      return plain(name);
  }
}

/** √q: square factors come out and primes stay under their own roots, so that equal roots are equal terms. */
export function squareRoot(of: Quotient, work: Work): Quotient {
  const value = constantOf(of);
  if (!value) return opaque('sqrt', of);
  // √(a/b) = √(ab) / b
  const product = value.numerator * value.denominator;
  const { outside, primes, rest } = splitSquares(product < 0n ? -product : product, work);
  let root = fromRational(rational(outside, value.denominator, work));
  for (const prime of primes) root = multiply(root, fromAtom(rootAtom(prime)), work);
  if (rest !== 1n) {
    root = multiply(root, opaque('sqrt', fromRational(rational(rest, 1n, work))), work);
  }
  if (product >= 0n) return root;
  return multiply(root, fromAtom(imaginaryUnit), work);
}

const imaginaryUnit: Atom = { key: 'i', kind: 'imaginary', evaluate: () => Number.NaN };

function rootAtom(prime: bigint): Atom {
  const value = Math.sqrt(Number(prime));
  return { key: `√${prime}`, kind: 'root', radicand: prime, evaluate: () => value };
}

/** n = outside² · Π primes · rest, the rest being 1 where n could be factored. */
function splitSquares(n: bigint, work: Work) {
  let outside = 1n;
  let left = n;
  const primes: bigint[] = [];
  if (n === 0n) return { outside: 0n, primes, rest: 1n };
  for (let p = 2n; p <= TRIAL_LIMIT && p * p <= left; p += p === 2n ? 1n : 2n) {
    work.spend(0.1);
    let count = 0;
    for (; left % p === 0n; left /= p) {
      work.spendOn(left, p);
      count += 1;
    }
    outside *= p ** BigInt(count >> 1);
    if (count % 2 === 1) primes.push(p);
  }
  if (left > 1n && left < TRIAL_LIMIT * TRIAL_LIMIT)
    return { outside, primes: [...primes, left], rest: 1n };
  const root = integerRoot(left, 2, work);
  if (root ** 2n === left) return { outside: outside * root, primes, rest: 1n };
  return { outside, primes, rest: left };
}

function nthRoot(of: Quotient, degree: Quotient, work: Work): Quotient {
  const value = constantOf(of);
  const n = constantOf(degree);
  if (n?.denominator !== 1n || n.numerator < 2n || n.numerator > 64n)
    return opaque('root', of, degree);
  const index = Number(n.numerator);
  if (index === 2) return squareRoot(of, work);
  if (value && (value.numerator >= 0n || index % 2 === 1)) {
    const magnitude = value.numerator < 0n ? -value.numerator : value.numerator;
    const top = integerRoot(magnitude, index, work);
    const bottom = integerRoot(value.denominator, index, work);
    if (top ** n.numerator === magnitude && bottom ** n.numerator === value.denominator) {
      return fromRational(rational(value.numerator < 0n ? -top : top, bottom, work));
    }
  }
  return opaque('root', of, degree);
}

/** ⌊n^(1/k)⌋ by Newton's method from above. */
function integerRoot(n: bigint, k: number, work: Work): bigint {
  if (n < 2n) return n;
  const degree = BigInt(k);
  let x = 1n << BigInt(Math.ceil(n.toString(2).length / k));
  for (;;) {
    work.spendOn(n, x);
    const next = ((degree - 1n) * x + n / x ** (degree - 1n)) / degree;
    if (next >= x) return x;
    x = next;
  }
}

function absolute(of: Quotient, work: Work): Quotient {
  const value = constantOf(of);
  if (!value) return opaque('abs', of);
  return value.numerator < 0n
    ? fromRational(rational(-value.numerator, value.denominator, work))
    : of;
}

const NUMERIC: Readonly<Record<string, (x: number, y: number) => number>> = {
  sin: Math.sin,
  cos: Math.cos,
  arcsin: Math.asin,
  arccos: Math.acos,
  arctan: Math.atan,
  ln: Math.log,
  log: Math.log10,
  exp: Math.exp,
  sqrt: Math.sqrt,
  abs: Math.abs,
  pow: (x, y) => x ** y,
  root: (x, n) => (x < 0 && n % 2 === 1 ? -((-x) ** (1 / n)) : x ** (1 / n)),
};

function opaque(name: string, of: Quotient, second?: Quotient): Quotient {
  const numeric = NUMERIC[name];
  if (!numeric) throw new NotComparable(`no function ${name}`);
  const evaluate = (point: Point) =>
    numeric(evaluateQuotient(of, point), second ? evaluateQuotient(second, point) : Number.NaN);
  const key = `${name}[${quotientKey(of)}${second ? `;${quotientKey(second)}` : ''}]`;
  return fromAtom({ key, kind: 'opaque', evaluate });
}

function constantOf({ numerator, denominator }: Quotient): Rational | undefined {
  return asRational(denominator) && asRational(numerator);
}
