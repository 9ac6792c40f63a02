import type { NextItem, UserSequence } from '../types.ts';
import { questionAt, type Split, type UserItems } from './split.ts';

export interface LeaveOneOutOptions {
  /** Items kept of a question's history, the latest. Default all. */
  readonly maxHistory?: number | undefined;
}

/** The fewest items with which a user is asked about. */
export const LEAVE_ONE_OUT_EVENTS = 3;

/**
 * Each user's last item is the target of test, the one before it of valid, and the rest is train, as SASRec's and
 * TIGER's protocol has it. Users with fewer than three items are in train alone, with all they took.
 */
export function leaveOneOut(
  users: readonly UserItems[],
  { maxHistory }: LeaveOneOutOptions = {},
): Split {
  const [train, valid, test]: [UserSequence[], NextItem[], NextItem[]] = [[], [], []];
  for (const each of users) {
    const { user, items } = each;
    const isAsked = items.length >= LEAVE_ONE_OUT_EVENTS;
    train.push({ user, items: isAsked ? items.slice(0, -2) : items, firstTarget: 1 });
    if (!isAsked) continue;
    valid.push(questionAt(each, items.length - 2, maxHistory));
    test.push(questionAt(each, items.length - 1, maxHistory));
  }
  return { train, valid, test };
}
