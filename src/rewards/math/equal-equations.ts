import type { Answer } from './answer.ts';
import { equalValues } from './equal-quantities.ts';
import { evaluate } from './evaluate.ts';
import { monomialKey, type Polynomial, type Term } from './polynomial.ts';
import { fromPolynomial, multiply, subtract } from './quotient.ts';
import type { Work } from './work.ts';

type Equation = Extract<Answer, { kind: 'equation' }>;

/** Whether two equations are multiples of each other once everything is on one side. */
export function equalEquations(a: Equation, b: Equation, work: Work): boolean {
  return proportional(overZero(a, work), overZero(b, work), work);
}

/** The numerator of left − right. */
function overZero({ left, right }: Equation, work: Work): Polynomial {
  return subtract(evaluate(left, work), evaluate(right, work), work).numerator;
}

/** Whether p = c·q for a constant c ≠ 0: with the coefficients p_m, q_m of one monomial in the variables, p·q_m = q·p_m. */
function proportional(p: Polynomial, q: Polynomial, work: Work): boolean {
  const monomial = [...p.values()].map(variablePart).find((key) => key !== '');
  if (monomial === undefined) return false;
  const [inP, inQ] = [coefficientOf(p, monomial), coefficientOf(q, monomial)];
  if (inQ.size === 0) return false;
  const left = multiply(fromPolynomial(p), fromPolynomial(inQ), work);
  const right = multiply(fromPolynomial(q), fromPolynomial(inP), work);
  return equalValues(left, right, work);
}

const isVariable = ([{ kind }]: Term['powers'][number]) => kind === 'variable' || kind === 'opaque';

function variablePart({ powers }: Term): string {
  return monomialKey(powers.filter(isVariable));
}

function coefficientOf(p: Polynomial, monomial: string): Polynomial {
  const terms = [...p.values()].filter((term) => variablePart(term) === monomial);
  return new Map(
    terms.map(({ coefficient, powers }) => {
      const constants = powers.filter((power) => !isVariable(power));
      return [monomialKey(constants), { coefficient, powers: constants }];
    }),
  );
}
