import type { NextItem, UserSequence } from '../types.ts';
import { questionAt, type Split, type UserItems } from './split.ts';

/** One step of the log: a user's event at a place of what that user took. */
export interface LogStep {
  /** Index into the users. */
  readonly user: number;
  readonly index: number;
}

export interface TimeSplitOptions {
  /** Share of the questions in train, valid and test, in any unit. Default 8:1:1. */
  readonly shares?: readonly [train: number, valid: number, test: number];
  /** Items kept of a question's history, the latest. Default all. */
  readonly maxHistory?: number | undefined;
}

/**
 * Every item with one before it is a question. The questions in the order of their times are cut in three: the first
 * eight tenths are train, the next tenth valid, the last test, as D3's and MiniOneRec's preparation does. The bounds are
 * rounded down, so that with 8:1:1 of N questions ⌊0.8N⌋ are train and ⌊0.9N⌋ − ⌊0.8N⌋ valid.
 * Train keeps of each user all items before the first question of valid, a single one too, which teaches no step but
 * counts in popularity.
 */
export function timeSplit(
  users: readonly UserItems[],
  steps: readonly LogStep[],
  { shares = [8, 1, 1], maxHistory }: TimeSplitOptions = {},
): Split {
  const asked = steps.filter(({ index }) => index > 0);
  const [trainEnd, validEnd] = bounds(asked.length, shares);
  const firstOfValid = asked[trainEnd];
  const learned = firstOfValid === undefined ? steps : steps.slice(0, steps.indexOf(firstOfValid));
  const question = ({ user, index }: LogStep): NextItem =>
    questionAt(users[user]!, index, maxHistory);
  return {
    train: sequencesUpTo(users, learned),
    valid: asked.slice(trainEnd, validEnd).map(question),
    test: asked.slice(validEnd).map(question),
  };
}

function bounds(count: number, [train, valid, test]: readonly [number, number, number]) {
  const all = train + valid + test;
  return [Math.floor((count * train) / all), Math.floor((count * (train + valid)) / all)] as const;
}

function sequencesUpTo(users: readonly UserItems[], steps: readonly LogStep[]): UserSequence[] {
  const last = new Map<number, number>();
  // Steps of a user come in the order of the items, so the last one stays.
  for (const { user, index } of steps) last.set(user, index);
  return [...last].map(([index, end]) => {
    const { user, items } = users[index]!;
    return { user, items: items.slice(0, end + 1), firstTarget: 1 };
  });
}
