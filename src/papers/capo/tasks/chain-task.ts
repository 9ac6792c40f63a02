import type { RandomInteger } from '../../../data/index.ts';

/** A problem whose answer can be checked, with a chain of steps that solves it. */
export interface ChainProblem {
  readonly prompt: string;
  /** A right completion. */
  readonly solution: string;
  /** What the check reads besides the completion. */
  readonly columns: Readonly<Record<string, string>>;
}

/** A reasoning task: problems without end, a written-out chain to each, and a check of any completion. */
export interface ChainTask {
  /** Every character of prompts and completions. */
  readonly alphabet: string;
  /** Longest completion, characters. */
  readonly maxCompletionLength: number;
  draw(random: RandomInteger): ChainProblem;
  /** 1 where the completion solves the problem, else 0. */
  check(completion: string, columns: Readonly<Record<string, unknown>>): number;
}

/** FNV-1a. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (const character of text) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193);
  return state >>> 0;
}

/** One problem in ten is held out, by its text: no seed can put it into training. */
const isHeldOut = ({ prompt }: ChainProblem): boolean => hash(prompt) % 10 === 0;

/** Problems of one stream; those held out never occur in training. */
export function drawProblems(
  task: ChainTask,
  count: number,
  random: RandomInteger,
  { heldOut }: { readonly heldOut: boolean },
): ChainProblem[] {
  const drawn: ChainProblem[] = [];
  while (drawn.length < count) {
    const problem = task.draw(random);
    if (isHeldOut(problem) === heldOut) drawn.push(problem);
  }
  return drawn;
}
