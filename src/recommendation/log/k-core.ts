import type { Interaction } from '../types.ts';

export interface KCoreOptions {
  /** Fewest events of a user that stays. Default 1. */
  readonly minUserEvents?: number | undefined;
  /** Fewest events of an item that stays. Default 1. */
  readonly minItemEvents?: number | undefined;
}

/**
 * The largest part of a log in which every user and every item has at least so many events: users and items with fewer
 * are left out, then those who have fewer without them, until none has. The order in which they go does not matter.
 */
export function kCore<Event extends Pick<Interaction, 'user' | 'item'>>(
  events: readonly Event[],
  { minUserEvents = 1, minItemEvents = 1 }: KCoreOptions = {},
): readonly Event[] {
  let kept = events;
  for (;;) {
    const [ofUser, ofItem] = [countBy(kept, 'user'), countBy(kept, 'item')];
    const rest = kept.filter(
      ({ user, item }) => ofUser.get(user)! >= minUserEvents && ofItem.get(item)! >= minItemEvents,
    );
    if (rest.length === kept.length) return kept;
    kept = rest;
  }
}

function countBy<Key extends 'user' | 'item'>(
  events: readonly Pick<Interaction, Key>[],
  key: Key,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const event of events) counts.set(event[key], (counts.get(event[key]) ?? 0) + 1);
  return counts;
}
