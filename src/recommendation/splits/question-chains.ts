import type { NextItem, UserSequence } from '../types.ts';

/**
 * The sequences that questions were cut from. Files of questions list a user's events again and again: the history of
 * each question is that of the one before with its target behind it, cut to a number of items that is the file's
 * longest history. Questions that go on from the one before make one sequence, whose targets are those of the
 * questions; one that does not begins another.
 */
export function chainQuestions(questions: readonly NextItem[]): UserSequence[] {
  const longest = questions.reduce((most, { history }) => Math.max(most, history.length), 0);
  const chains: Chain[] = [];
  const open = new Map<string, Chain>();
  for (const { user, history, target } of questions) {
    const chain = open.get(user);
    if (chain !== undefined && goesOn(chain.items, history, longest)) {
      chain.items.push(target);
      continue;
    }
    const next = { user, items: [...history, target], firstTarget: history.length };
    chains.push(next);
    open.set(user, next);
  }
  return chains;
}

interface Chain extends UserSequence {
  readonly items: number[];
}

/** Whether a history is the last `longest` of the items, or all where there are no more. */
function goesOn(items: readonly number[], history: readonly number[], longest: number): boolean {
  if (history.length !== Math.min(items.length, longest)) return false;
  const start = items.length - history.length;
  return history.every((item, index) => item === items[start + index]);
}

/**
 * What may be learned where only questions of valid and test are at hand: the sequences behind the questions of valid,
 * less every event whose item is a target of the same user in valid or test. What follows what is learned among the
 * events that stay.
 */
export function trainFromHistories(
  valid: readonly NextItem[],
  test: readonly NextItem[],
): UserSequence[] {
  const targets = new Map<string, Set<number>>();
  for (const { user, target } of [...valid, ...test]) {
    const known = targets.get(user);
    if (known === undefined) targets.set(user, new Set([target]));
    else known.add(target);
  }
  return chainQuestions(valid).flatMap(({ user, items: all }) => {
    const items = all.filter((item) => !targets.get(user)!.has(item));
    return items.length === 0 ? [] : [{ user, items, firstTarget: 1 }];
  });
}
