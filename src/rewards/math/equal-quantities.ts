import type { Answer } from './answer.ts';
import { evaluate } from './evaluate.ts';
import { binary, integer } from './expression.ts';
import { isZero } from './is-zero.ts';
import { fromRational, multiply, type Quotient, subtract } from './quotient.ts';
import { rational } from './rational.ts';
import { type Unit, unitsConflict } from './units.ts';
import type { Work } from './work.ts';

type Value = Extract<Answer, { kind: 'value' }>;

/** Whether two quotients are the same value. */
export function equalValues(x: Quotient, y: Quotient, work: Work): boolean {
  return isZero(subtract(x, y, work).numerator);
}

/** Whether an answer is the reference's quantity; a percent sign or a degree is a factor unless only left out. */
export function equalQuantities(reference: Value, answer: Value, work: Work): boolean {
  const [asked, given] = [reference.unit, answer.unit];
  if (unitsConflict(asked, given)) return false;
  const x = evaluate(reference.expression, work);
  const y = evaluate(answer.expression, work);
  if (asked?.kind === given?.kind) return equalValues(x, y, work);
  const leftOut = asked?.kind === 'percent' ? given === undefined : given?.kind !== 'percent';
  if (leftOut && equalValues(x, y, work)) return true;
  return equalValues(inNumbers(x, asked, work), inNumbers(y, given, work), work);
}

function inNumbers(x: Quotient, unit: Unit | undefined, work: Work): Quotient {
  if (unit?.kind === 'percent') return multiply(x, fromRational(rational(1n, 100n, work)), work);
  if (unit?.kind !== 'degree') return x;
  const degree = binary('/', { type: 'name', name: 'pi' }, integer('180'));
  return multiply(x, evaluate(degree, work), work);
}
