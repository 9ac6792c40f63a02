import {
  addRationals,
  multiplyRationals,
  ONE,
  powerOfRational,
  type Rational,
  rational,
  toNumber,
  ZERO,
} from './rational.ts';
import { NotComparable, type Work } from './work.ts';

/** Where variables get their values when an expression is evaluated in doubles. */
export type Point = (variable: string) => number;

/**
 * What polynomials are made of. Powers of `i` and of square roots of primes reduce, which makes the normal form
 * unique; π, e and variables are free. `opaque` atoms (a cosine, a nested root) may hide relations that the
 * normal form does not know.
 */
export interface Atom {
  readonly key: string;
  readonly kind: 'variable' | 'constant' | 'imaginary' | 'root' | 'opaque';
  /** Of a root: the prime under it. */
  readonly radicand?: bigint;
  evaluate(point: Point): number;
}

/** A coefficient times powers of atoms, sorted by key; exponents are never 0 and may be negative. */
export interface Term {
  readonly coefficient: Rational;
  readonly powers: readonly (readonly [Atom, number])[];
}

/** A sum of terms by their monomial's key, without zero coefficients. */
export type Polynomial = ReadonlyMap<string, Term>;

export function constant(value: Rational): Polynomial {
  return value.numerator === 0n ? new Map() : new Map([['', { coefficient: value, powers: [] }]]);
}

export function atomPolynomial(atom: Atom): Polynomial {
  return new Map([[`${atom.key}^1`, { coefficient: ONE, powers: [[atom, 1]] }]]);
}

export function addPolynomials(a: Polynomial, b: Polynomial, work: Work): Polynomial {
  const sum = new Map(a);
  for (const [key, term] of b) accumulate(sum, key, term, work);
  return sum;
}

export function multiplyPolynomials(a: Polynomial, b: Polynomial, work: Work): Polynomial {
  const product = new Map<string, Term>();
  for (const x of a.values()) {
    for (const y of b.values()) {
      const term = multiplyTerms(x, y, work);
      accumulate(product, monomialKey(term.powers), term, work);
    }
  }
  return product;
}

export function negate(a: Polynomial, work: Work): Polynomial {
  return multiplyPolynomials(constant({ numerator: -1n, denominator: 1n }), a, work);
}

/** The reciprocal of a single term: exact, with negative exponents. */
export function invertTerm({ coefficient, powers }: Term, work: Work): Polynomial {
  const inverse = { coefficient: powerOfRational(coefficient, -1, work), powers: [] };
  const flipped = powers.map(([atom, exponent]) => [atom, -exponent] as const);
  const term = multiplyTerms(inverse, { coefficient: ONE, powers: flipped }, work);
  return new Map([[monomialKey(term.powers), term]]);
}

/** A single term to a whole power, without multiplying it out. */
export function powerOfTerm({ coefficient, powers }: Term, n: number, work: Work): Polynomial {
  const raised = powers.map(([atom, exponent]) => [atom, exponent * n] as const);
  const scale = { coefficient: powerOfRational(coefficient, n, work), powers: [] };
  const term = multiplyTerms(scale, { coefficient: ONE, powers: raised }, work);
  return new Map([[monomialKey(term.powers), term]]);
}

/** The number this polynomial is, where it has no atoms. */
export function asRational(a: Polynomial): Rational | undefined {
  if (a.size === 0) return ZERO;
  return a.size === 1 ? a.get('')?.coefficient : undefined;
}

/** Value and, as a measure of rounding, the sum of the terms' absolute values; split at `i`. */
export function evaluatePolynomial(a: Polynomial, point: Point) {
  const parts = [
    { value: 0, scale: 0 },
    { value: 0, scale: 0 },
  ] as const;
  const mutable = parts as unknown as { value: number; scale: number }[];
  for (const { coefficient, powers } of a.values()) {
    let value = toNumber(coefficient);
    let imaginary = 0;
    for (const [atom, exponent] of powers) {
      if (atom.kind === 'imaginary') imaginary = 1;
      else value *= atom.evaluate(point) ** exponent;
    }
    const part = mutable[imaginary] as { value: number; scale: number };
    part.value += value;
    part.scale += Math.abs(value);
  }
  return parts;
}

/** A text that two polynomials share exactly when they are equal. */
export function polynomialKey(a: Polynomial): string {
  return [...a]
    .map(([key, { coefficient }]) => `${coefficient.numerator}/${coefficient.denominator}${key}`)
    .sort()
    .join('+');
}

export function monomialKey(powers: Term['powers']): string {
  return powers.map(([atom, exponent]) => `${atom.key}^${exponent}`).join('*');
}

function accumulate(sum: Map<string, Term>, key: string, term: Term, work: Work): void {
  const before = sum.get(key);
  const coefficient = before
    ? addRationals(before.coefficient, term.coefficient, work)
    : term.coefficient;
  if (coefficient.numerator === 0n) sum.delete(key);
  else sum.set(key, { coefficient, powers: term.powers });
}

function multiplyTerms(a: Term, b: Term, work: Work): Term {
  work.spend(2);
  const exponents = new Map<string, [Atom, number]>();
  for (const [atom, exponent] of [...a.powers, ...b.powers]) {
    const before = exponents.get(atom.key)?.[1] ?? 0;
    exponents.set(atom.key, [atom, before + exponent]);
  }
  let coefficient = multiplyRationals(a.coefficient, b.coefficient, work);
  const powers: [Atom, number][] = [];
  for (const [atom, exponent] of exponents.values()) {
    work.spend(0.5);
    const reduced = reducePower(atom, exponent, work);
    if (reduced.factor !== ONE) coefficient = multiplyRationals(coefficient, reduced.factor, work);
    if (reduced.exponent !== 0) powers.push([atom, reduced.exponent]);
  }
  powers.sort(([x], [y]) => (x.key < y.key ? -1 : 1));
  return { coefficient, powers };
}

/** i² = −1 and (√p)² = p: what is left of a power is 0 or 1, and a rational factor comes out. */
function reducePower(atom: Atom, exponent: number, work: Work) {
  if (!Number.isSafeInteger(exponent)) throw new NotComparable('too large an exponent');
  if (atom.kind !== 'imaginary' && atom.kind !== 'root') return { factor: ONE, exponent };
  const left = ((exponent % 2) + 2) % 2;
  const square = (exponent - left) / 2;
  if (square === 0) return { factor: ONE, exponent: left };
  const base = rational(atom.kind === 'root' ? (atom.radicand as bigint) : -1n, 1n, work);
  return { factor: powerOfRational(base, square, work), exponent: left };
}
