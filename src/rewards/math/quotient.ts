import {
  type Atom,
  addPolynomials,
  atomPolynomial,
  constant,
  evaluatePolynomial,
  invertTerm,
  multiplyPolynomials,
  negate,
  type Polynomial,
  polynomialKey,
  powerOfTerm,
  type Term,
} from './polynomial.ts';
import { ONE, type Rational } from './rational.ts';
import { NotComparable, type Work } from './work.ts';

/** A fraction of polynomials; single-term denominators are divided out. */
export interface Quotient {
  readonly numerator: Polynomial;
  readonly denominator: Polynomial;
}

const one = constant(ONE);

export const fromRational = (value: Rational): Quotient => ({
  numerator: constant(value),
  denominator: one,
});
export const fromPolynomial = (numerator: Polynomial): Quotient => ({
  numerator,
  denominator: one,
});
export const fromAtom = (atom: Atom): Quotient => ({
  numerator: atomPolynomial(atom),
  denominator: one,
});

export function add(a: Quotient, b: Quotient, work: Work): Quotient {
  if (a.denominator === b.denominator) {
    return { ...a, numerator: addPolynomials(a.numerator, b.numerator, work) };
  }
  const left = multiplyPolynomials(a.numerator, b.denominator, work);
  const right = multiplyPolynomials(b.numerator, a.denominator, work);
  const denominator = multiplyPolynomials(a.denominator, b.denominator, work);
  return quotient(addPolynomials(left, right, work), denominator, work);
}

export function subtract(a: Quotient, b: Quotient, work: Work): Quotient {
  return add(a, { ...b, numerator: negate(b.numerator, work) }, work);
}

export function multiply(a: Quotient, b: Quotient, work: Work): Quotient {
  return quotient(
    multiplyPolynomials(a.numerator, b.numerator, work),
    multiplyPolynomials(a.denominator, b.denominator, work),
    work,
  );
}

/** @throws NotComparable for a divisor that is 0. */
export function divide(a: Quotient, b: Quotient, work: Work): Quotient {
  if (b.numerator.size === 0) throw new NotComparable('division by zero');
  return multiply(a, quotient(b.denominator, b.numerator, work), work);
}

/** a to a whole power of either sign. */
export function power(a: Quotient, n: number, work: Work): Quotient {
  if (n < 0) return divide(fromRational(ONE), power(a, -n, work), work);
  const term = singleTerm(a.numerator);
  if (term && a.denominator === one) {
    return { numerator: powerOfTerm(term, n, work), denominator: one };
  }
  if (n > 200) throw new NotComparable('too large an exponent');
  let result = fromRational(ONE);
  for (let i = 0; i < n; i++) result = multiply(result, a, work);
  return result;
}

export function quotientKey({ numerator, denominator }: Quotient): string {
  return `(${polynomialKey(numerator)})/(${polynomialKey(denominator)})`;
}

/** Value in doubles; NaN where it is not real. */
export function evaluateQuotient(a: Quotient, point: (variable: string) => number): number {
  const [top, topImaginary] = evaluatePolynomial(a.numerator, point);
  const [bottom, bottomImaginary] = evaluatePolynomial(a.denominator, point);
  if (topImaginary.scale !== 0 || bottomImaginary.scale !== 0) return Number.NaN;
  return top.value / bottom.value;
}

function quotient(numerator: Polynomial, denominator: Polynomial, work: Work): Quotient {
  const term = singleTerm(denominator);
  if (!term) return { numerator, denominator };
  if (term.powers.length === 0 && isOne(term)) {
    return { numerator, denominator: one };
  }
  const inverse = invertTerm(term, work);
  return { numerator: multiplyPolynomials(numerator, inverse, work), denominator: one };
}

function isOne({ coefficient }: Term): boolean {
  return coefficient.numerator === 1n && coefficient.denominator === 1n;
}

function singleTerm(a: Polynomial): Term | undefined {
  return a.size === 1 ? a.values().next().value : undefined;
}
