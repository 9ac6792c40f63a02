import type { Answer } from './answer.ts';
import { cleanLatex, withoutWrappers } from './clean-latex.ts';
import { equalAnswerTrees } from './compare.ts';
import { parseAnswer } from './parse-answer.ts';
import { NotComparable, Work } from './work.ts';

/** Longer answers are compared as text only. */
const MAX_CHARACTERS = 512;
const THOUSANDS = /(?<![\d.])\d{1,3}(?:,\d{3})+(?!\d)/g;

/**
 * Whether an answer says the same as the reference, exactly (no decimal approximates a fraction).
 * - **Values**: rationals, roots, π, e, i, polynomials and fractions of them by an exact normal form; with functions
 *   (cosines, logarithms, nested roots) numerically at fixed points, see `isZero`.
 *   What is equal in value is equal: \frac{2}{4} for 1/2, an expanded polynomial for a factored one, 48+24 for 72.
 * - **Percent**: x% is x/100. A reference in percent also accepts the bare number ("50" for 50%, the sign being the
 *   unit asked for); a reference without the sign never accepts "50%" for 50.
 * - **Units** may be missing on either side or be any words that count things; two known units must agree ($ and ¢,
 *   cm and cm²). Degrees may be left out, and equal their radians.
 * - **Lists** ("3, 5", "3 and 5", {3, 5}, 4 ± 1) are equal in any order; tuples and intervals in theirs, with their
 *   brackets. A list is never equal to one of its members.
 * - **Equations** are equal when one is a multiple of the other; "x = 5" and "5" are equal.
 * - **Bases**: a subscript may be left out of the answer, then its digits are read in the reference's base.
 * - **Text** is compared without case, spaces and wrappers.
 * - Only ASCII digits are digits. NaN and Infinity are text.
 * What is too large or too costly to compute with is compared as text; the time is bounded for any input.
 */
export function equalAnswers(reference: string, answer: string): boolean {
  if (reference.length > MAX_CHARACTERS || answer.length > MAX_CHARACTERS) {
    return reference.trim() === answer.trim();
  }
  const [left, right] = [cleanLatex(reference), cleanLatex(answer)];
  if (left === '' || right === '') return left === right && reference.trim() === answer.trim();
  if (withoutWrappers(left) === withoutWrappers(right)) return true;
  const work = new Work();
  try {
    return readings(left).some((a) => readings(right).some((b) => equalAnswerTrees(a, b, work)));
  } catch (error) {
    if (error instanceof NotComparable || error instanceof RangeError) return false;
    throw error;
  }
}

/** "70,110" is a number with a thousands separator or a list of two; "1,000" only a number. */
function readings(cleaned: string): Answer[] {
  const joined = joinTopLevelThousands(cleaned);
  if (joined === cleaned) return [parseAnswer(cleaned)];
  const couldBeList = !/,0/.test(cleaned);
  return [parseAnswer(joined), ...(couldBeList ? [parseAnswer(cleaned)] : [])];
}

function joinTopLevelThousands(cleaned: string): string {
  let depth = 0;
  const levels = [...cleaned].map((character) => {
    if ('(['.includes(character)) depth += 1;
    if (')]'.includes(character)) depth -= 1;
    return depth;
  });
  const inSet = cleaned.startsWith('\\{');
  return cleaned.replace(THOUSANDS, (number, offset: number) =>
    inSet || levels[offset] !== 0 ? number : number.replace(/,/g, ''),
  );
}
