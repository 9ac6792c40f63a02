import type { UserItems } from '../splits/split.ts';
import type { Interaction } from '../types.ts';

/** Events oldest first; those of equal times, and all of a log without times, in the order they came. */
export const orderEvents = (interactions: readonly Interaction[]): readonly Interaction[] =>
  interactions.every(({ time }) => time === null)
    ? interactions
    : interactions.toSorted((a, b) => (a.time ?? 0) - (b.time ?? 0));

/** What each user took, users in the order of their first event. */
export function groupByUser(
  ordered: readonly Interaction[],
  placeOf: ReadonlyMap<string, number>,
): UserItems[] {
  const byUser = new Map<string, number[]>();
  for (const { user, item } of ordered) {
    const place = placeOf.get(item)!;
    const items = byUser.get(user);
    if (items === undefined) byUser.set(user, [place]);
    else items.push(place);
  }
  return [...byUser].map(([user, items]) => ({ user, items }));
}
