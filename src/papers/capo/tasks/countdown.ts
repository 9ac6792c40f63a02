/**
 * Countdown with sums and differences: reach a target with the given numbers, each once, a step at a time.
 *   3,14,9:20=   →   14+9=23;23-3=20
 * Any order and any signs that reach the target are right; every step is checked.
 */
import type { RandomInteger } from '../../../data/index.ts';
import type { ChainProblem, ChainTask } from './chain-task.ts';

export interface CountdownOptions {
  readonly numbers: number;
  /** Numbers run from 1 to it. */
  readonly largest: number;
}

function drawProblem(random: RandomInteger, { numbers, largest }: CountdownOptions): ChainProblem {
  const given = Array.from({ length: numbers }, () => 1 + random(largest));
  const steps: string[] = [];
  let value = given[0]!;
  for (const number of given.slice(1)) {
    const isSum = value < number || random(2) === 0;
    const result = isSum ? value + number : value - number;
    steps.push(`${value}${isSum ? '+' : '-'}${number}=${result}`);
    value = result;
  }
  const columns = { given: given.join(','), target: String(value) };
  return { prompt: `${columns.given}:${value}=`, solution: steps.join(';'), columns };
}

/** What is left of the numbers after a step; undefined for a step that is none or wrong. */
function take(left: readonly number[], step: string): number[] | undefined {
  const parts = /^(\d+)([+-])(\d+)=(\d+)$/.exec(step);
  if (parts === null) return undefined;
  const [a, b, result] = [parts[1], parts[3], parts[4]].map(Number) as [number, number, number];
  const isRight = result === (parts[2] === '+' ? a + b : a - b);
  const rest = [...left];
  for (const number of [a, b]) {
    const place = rest.indexOf(number);
    if (place < 0 || !isRight) return undefined;
    rest.splice(place, 1);
  }
  return [...rest, result];
}

/** 1 where the steps use every given number once and end at the target. */
function check(completion: string, { given, target }: Readonly<Record<string, unknown>>): number {
  let left: number[] | undefined = String(given).split(',').map(Number);
  for (const step of completion.split(';')) {
    if (left === undefined) return 0;
    left = take(left, step);
  }
  return Number(left?.length === 1 && left[0] === Number(target));
}

export const countdownTask = (options: CountdownOptions): ChainTask => ({
  alphabet: '0123456789+-=,:;',
  // A step is two numbers of at most three digits, a sign, an equals sign, a result and a semicolon.
  maxCompletionLength: (options.numbers - 1) * 11,
  draw: (random) => drawProblem(random, options),
  check,
});
