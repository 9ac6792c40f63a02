import type { UserItems } from '../splits/split.ts';
import type { Interaction } from '../types.ts';
import { type Finding, FindingCounter } from './finding.ts';

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

/** How many events the order of their coming alone puts in order. */
export function equalTimes(interactions: readonly Interaction[]): Finding[] {
  const counter = new FindingCounter(
    'equal_times',
    'events at the time of an earlier one of the same user, in the order in which the log has them',
  );
  const seen = new Set<string>();
  for (const { user, item, time } of interactions) {
    if (time === null) continue;
    const moment = JSON.stringify([user, time]);
    if (seen.has(moment)) counter.add(() => `user ${user}, item ${item}, time ${time}`);
    else seen.add(moment);
  }
  return counter.findings();
}
