import type { Answer } from './answer.ts';
import { equalEquations } from './equal-equations.ts';
import { equalQuantities, equalValues } from './equal-quantities.ts';
import { evaluate } from './evaluate.ts';
import type { Expression } from './expression.ts';
import { expandPlusMinus } from './plus-minus.ts';
import { multiply, type Quotient } from './quotient.ts';
import type { Work } from './work.ts';

/** Whether two parsed answers are equal; the first is the reference. Rules: see `equalAnswers`. */
export function equalAnswerTrees(reference: Answer, answer: Answer, work: Work): boolean {
  work.spend(1);
  const a = expandPlusMinus(unwrapSingle(reference));
  const b = expandPlusMinus(unwrapSingle(answer));
  if (a.kind === 'equation' || b.kind === 'equation') return equalWithEquation(a, b, work);
  if (a.kind === 'based') return equalBased(a, b);
  if (a.kind === 'text' && b.kind === 'text') return a.text === b.text;
  if (a.kind === 'value' && b.kind === 'value') return equalQuantities(a, b, work);
  if (a.kind === 'list' && b.kind === 'list') return equalUnordered(a.items, b.items, work);
  if (a.kind === 'union' && b.kind === 'union') return equalUnordered(a.items, b.items, work);
  if (a.kind === 'ratio' && b.kind === 'ratio') return equalRatios(a.items, b.items, work);
  if (a.kind === 'matrix' && b.kind === 'matrix') return equalMatrices(a.rows, b.rows, work);
  if (a.kind === 'sequence' && b.kind === 'sequence') {
    return a.open === b.open && a.close === b.close && equalOrdered(a.items, b.items, work);
  }
  return false;
}

type Rows = Extract<Answer, { kind: 'matrix' }>['rows'];

/** {5} and 5 say the same. */
function unwrapSingle(answer: Answer): Answer {
  if (answer.kind === 'list' && answer.items.length === 1) return answer.items[0] as Answer;
  return answer;
}

function equalOrdered(a: readonly Answer[], b: readonly Answer[], work: Work): boolean {
  return (
    a.length === b.length && a.every((item, i) => equalAnswerTrees(item, b[i] as Answer, work))
  );
}

function equalUnordered(a: readonly Answer[], b: readonly Answer[], work: Work): boolean {
  if (a.length !== b.length) return false;
  const left = [...b];
  return a.every((item) => {
    const match = left.findIndex((other) => equalAnswerTrees(item, other, work));
    if (match >= 0) left.splice(match, 1);
    return match >= 0;
  });
}

function equalMatrices(a: Rows, b: Rows, work: Work): boolean {
  return a.length === b.length && a.every((row, i) => equalOrdered(row, b[i] ?? [], work));
}

/** a : b = c : d when the terms are proportional. */
function equalRatios(a: readonly Expression[], b: readonly Expression[], work: Work): boolean {
  if (a.length !== b.length) return false;
  const x = a.map((item) => evaluate(item, work));
  const y = b.map((item) => evaluate(item, work));
  return x.every((term, i) => {
    const left = multiply(term, y[0] as Quotient, work);
    return equalValues(left, multiply(y[i] as Quotient, x[0] as Quotient, work), work);
  });
}

function equalBased(a: Extract<Answer, { kind: 'based' }>, b: Answer): boolean {
  if (b.kind === 'based') return a.base === b.base && trimZeros(a.digits) === trimZeros(b.digits);
  const bare = b.kind === 'value' && b.unit === undefined ? b.expression : undefined;
  if (bare?.type !== 'number' || bare.exponent !== 0) return false;
  return trimZeros(bare.digits) === trimZeros(a.digits);
}

function trimZeros(digits: string): string {
  return digits.replace(/^0+(?=\w)/, '');
}

/** x = 5 is equal to 5; two assignments of one variable compare by their values; others as equations. */
function equalWithEquation(a: Answer, b: Answer, work: Work): boolean {
  if (a.kind !== 'equation') {
    return b.kind === 'equation' && !!b.assigned && equalAnswerTrees(a, b.assigned.value, work);
  }
  if (b.kind !== 'equation') return !!a.assigned && equalAnswerTrees(a.assigned.value, b, work);
  if (a.assigned && a.assigned.variable === b.assigned?.variable) {
    return equalAnswerTrees(a.assigned.value, b.assigned.value, work);
  }
  return equalEquations(a, b, work);
}
