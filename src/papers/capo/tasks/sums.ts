/**
 * Sums and differences of several numbers, each with a letter, worked out a step at a time:
 *   a7b+5c-3d+9=   →   b+5=12c-3=9d+9=18
 * Only what follows the last equals sign is checked.
 */
import type { RandomInteger } from '../../../data/index.ts';
import type { ChainProblem, ChainTask } from './chain-task.ts';

export interface SumsOptions {
  readonly terms: number;
  /** Numbers run from 1 to it. */
  readonly largest: number;
}

/** Terms with their signs, the first one positive and no running sum negative. */
function drawTerms(random: RandomInteger, { terms, largest }: SumsOptions): number[] {
  const drawn: number[] = [];
  let sum = 0;
  for (let i = 0; i < terms; i++) {
    const size = 1 + random(largest);
    const term = size <= sum && random(2) === 0 ? -size : size;
    drawn.push(term);
    sum += term;
  }
  return drawn;
}

const signed = (term: number): string => (term > 0 ? `+${term}` : `${term}`);

const letters = 'abcdefghijklmnop';

function problemOf([first, ...rest]: readonly number[]): ChainProblem {
  let sum = first!;
  const named = rest.map((term, i) => `${letters[i + 1]}${signed(term)}`);
  const steps = rest.map((term, i) => {
    sum += term;
    return `${named[i]}=${sum}`;
  });
  return {
    prompt: `${letters[0]}${first}${named.join('')}=`,
    solution: steps.join(''),
    columns: { answer: String(sum) },
  };
}

export const sumsTask = (options: SumsOptions): ChainTask => ({
  alphabet: `0123456789+-=${letters.slice(0, options.terms)}`,
  // A step is a letter, a sign, a term, an equals sign and a sum of at most three digits.
  maxCompletionLength: (options.terms - 1) * (6 + String(options.largest).length),
  draw: (random) => problemOf(drawTerms(random, options)),
  check: (completion, { answer }) =>
    Number(completion.slice(completion.lastIndexOf('=') + 1) === answer),
});
