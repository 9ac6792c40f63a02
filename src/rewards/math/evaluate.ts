import type { Expression } from './expression.ts';
import { fromFunction, squareRoot } from './functions.ts';
import type { Atom } from './polynomial.ts';
import { asRational } from './polynomial.ts';
import {
  add,
  divide,
  fromAtom,
  fromRational,
  multiply,
  power,
  type Quotient,
  subtract,
} from './quotient.ts';
import { powerOfRational, type Rational, rational, toInteger } from './rational.ts';
import { NotComparable, type Work } from './work.ts';

const MAX_DECIMAL_EXPONENT = 5000;
const MAX_FACTORIAL = 2500;

/**
 * The exact value of an expression, as a quotient of polynomials; ± must have been chosen before.
 * @throws NotComparable where there is none: a division by zero, a number past all bounds.
 */
export function evaluate(expression: Expression, work: Work): Quotient {
  if (!isInfinite(expression) && hasInfinity(expression)) throw new NotComparable('∞ is no number');
  const visit = (node: Expression): Quotient => {
    work.spend(1);
    switch (node.type) {
      case 'number':
        return fromRational(decimal(node.digits, node.exponent, work));
      case 'repeating':
        return fromRational(repeatingDecimal(node.digits, node.repeat, work));
      case 'name':
        return fromAtom(nameAtom(node.name));
      case 'unary':
        return unary(node.operator, visit(node.of), work);
      case 'binary':
        return binaryValue(node.operator, visit(node.left), visit(node.right), work);
      case 'call':
        return fromFunction(node.name, visit(node.of), node.base && visit(node.base), work);
    }
  };
  return visit(expression);
}

/** ∞ or −∞ and nothing else: the end of an interval. */
function isInfinite(node: Expression): boolean {
  if (node.type === 'unary') return node.operator === '-' && isInfinite(node.of);
  return node.type === 'name' && node.name === 'infty';
}

function hasInfinity(node: Expression): boolean {
  switch (node.type) {
    case 'name':
      return node.name === 'infty';
    case 'unary':
      return hasInfinity(node.of);
    case 'binary':
      return hasInfinity(node.left) || hasInfinity(node.right);
    case 'call':
      return hasInfinity(node.of) || (node.base !== undefined && hasInfinity(node.base));
    default:
      return false;
  }
}

function unary(operator: '-' | 'pm' | 'mp' | '!', of: Quotient, work: Work): Quotient {
  if (operator === '!') return fromRational(factorial(of, work));
  if (operator !== '-') throw new NotComparable('± in the middle of a value');
  return multiply(fromRational({ numerator: -1n, denominator: 1n }), of, work);
}

function binaryValue(
  operator: Extract<Expression, { type: 'binary' }>['operator'],
  left: Quotient,
  right: Quotient,
  work: Work,
): Quotient {
  switch (operator) {
    case '+':
      return add(left, right, work);
    case '-':
      return subtract(left, right, work);
    case '*':
      return multiply(left, right, work);
    case '/':
      return divide(left, right, work);
    case '^':
      return raise(left, right, work);
    default:
      throw new NotComparable('± in the middle of a value');
  }
}

function raise(base: Quotient, exponent: Quotient, work: Work): Quotient {
  const value = isConstant(exponent) ? asRational(exponent.numerator) : undefined;
  if (!value) return fromFunction('pow', base, exponent, work);
  const whole = toInteger(value);
  if (whole !== undefined) {
    if (whole <= 0 && base.numerator.size === 0) throw new NotComparable('0 to a power below 1');
    return power(base, whole, work);
  }
  const doubled = toInteger({ ...value, denominator: value.denominator / 2n });
  if (value.denominator === 2n && doubled !== undefined) {
    return power(squareRoot(base, work), doubled, work);
  }
  return fromFunction('pow', base, exponent, work);
}

function isConstant({ denominator }: Quotient): boolean {
  return asRational(denominator) !== undefined;
}

function decimal(digits: string, exponent: number, work: Work): Rational {
  if (digits === '') throw new NotComparable('a number without digits');
  if (!(Math.abs(exponent) <= MAX_DECIMAL_EXPONENT)) throw new NotComparable('too large a number');
  const scale = powerOfRational({ numerator: 10n, denominator: 1n }, exponent, work);
  return rational(BigInt(digits) * scale.numerator, scale.denominator, work);
}

/** 0.1(6) = (16 − 1) / 90. */
function repeatingDecimal(digits: string, repeat: string, work: Work): Rational {
  const [whole = '', decimals = ''] = digits.trim().split('.');
  const fixed = `${whole}${decimals}` || '0';
  const nines = 10n ** BigInt(repeat.length) - 1n;
  const numerator = BigInt(`${fixed}${repeat}`) - BigInt(fixed);
  return rational(numerator, nines * 10n ** BigInt(decimals.length), work);
}

function factorial(of: Quotient, work: Work): Rational {
  const value = isConstant(of) ? asRational(of.numerator) : undefined;
  const n = value && toInteger(value);
  if (n === undefined || n < 0 || n > MAX_FACTORIAL) {
    throw new NotComparable('a factorial of something else than a small whole number');
  }
  work.spend(n / 10);
  let product = 1n;
  for (let i = 2n; i <= BigInt(n); i++) product *= i;
  return rational(product, 1n, work);
}

function nameAtom(name: string): Atom {
  if (name === 'i') return { key: 'i', kind: 'imaginary', evaluate: () => Number.NaN };
  if (name === 'pi') return { key: 'pi', kind: 'constant', evaluate: () => Math.PI };
  if (name === 'e') return { key: 'e', kind: 'constant', evaluate: () => Math.E };
  return { key: `$${name}`, kind: 'variable', evaluate: (point) => point(name) };
}
