/**
 * The task: sums and differences of digits, keeping only the last digit of every result, worked out a step at a time.
 *   3-5+9=   →   8,7        (3 − 5 = −2, so 8; 8 + 9 = 17, so 7)
 * The worked examples come from two kinds of pupils: half subtract as they should; the other half have a well-known
 * misconception and always take the smaller digit from the larger, so that 3-5 is 2 (Brown and Burton 1978,
 * "Diagnostic models for procedural bugs in basic mathematical skills", Cognitive Science 2).
 */

export interface Problem {
  readonly prompt: string;
  readonly answer: string;
}

/** Whole numbers 0 … n − 1, uniform. */
export type Random = (n: number) => number;

/** Mulberry32, a small seeded generator. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

interface Expression {
  readonly digits: readonly number[];
  readonly signs: readonly string[];
}

const write = ({ digits, signs }: Expression): string =>
  digits.map((digit, i) => (i === 0 ? '' : signs[i - 1]!) + digit).join('');

/** How somebody subtracts one digit from another. */
type Subtract = (a: number, b: number) => number;

const subtractRight: Subtract = (a, b) => (a - b + 10) % 10;
const smallerFromLarger: Subtract = (a, b) => Math.abs(a - b);

/** The running results, a step each: 8,7. */
function workOut({ digits, signs }: Expression, subtract: Subtract): string {
  let result = digits[0]!;
  const results = signs.map((sign, i) => {
    const digit = digits[i + 1]!;
    result = sign === '+' ? (result + digit) % 10 : subtract(result, digit);
    return result;
  });
  return results.join(',');
}

const lastResult = (worked: string): string => worked.slice(worked.lastIndexOf(',') + 1);

function drawExpression(random: Random): Expression {
  const terms = 4;
  return {
    digits: Array.from({ length: terms }, () => random(10)),
    signs: Array.from({ length: terms - 1 }, () => '+-'[random(2)]!),
  };
}

/** FNV-1a. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (const character of text) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193);
  return state >>> 0;
}

/** One problem in ten is held out, by its text: no seed can put it into training. */
const isHeldOut = (prompt: string): boolean => hash(prompt) % 10 === 0;

/** A problem on which the two kinds of pupils disagree. */
function drawProblem(
  random: Random,
  heldOut: boolean,
): { expression: Expression; problem: Problem } {
  for (;;) {
    const expression = drawExpression(random);
    const prompt = `${write(expression)}=`;
    const answer = lastResult(workOut(expression, subtractRight));
    const isDecisive = answer !== lastResult(workOut(expression, smallerFromLarger));
    if (isDecisive && isHeldOut(prompt) === heldOut)
      return { expression, problem: { prompt, answer } };
  }
}

/** Problems without solutions; `heldOut` ones never occur in training. */
export function drawProblems(
  count: number,
  random: Random,
  { heldOut }: { heldOut: boolean },
): Problem[] {
  return Array.from({ length: count }, () => drawProblem(random, heldOut).problem);
}

/** A problem with a worked solution, right or wrong. */
export interface WorkedExample extends Problem {
  readonly completion: string;
}

/** Worked examples of both kinds of pupils, half and half. */
export function drawWorkedExamples(count: number, random: Random): WorkedExample[] {
  return Array.from({ length: count }, () => {
    const { expression, problem } = drawProblem(random, false);
    const subtract = random(2) === 0 ? subtractRight : smallerFromLarger;
    return { ...problem, completion: workOut(expression, subtract) };
  });
}

/** 1 where the last number of a completion is the answer. */
export const rightAnswer = (
  completion: string,
  { answer }: { readonly answer?: unknown },
): number => Number(lastResult(completion) === answer);
