import type { Interaction } from '../types.ts';
import { type Finding, FindingCounter } from './finding.ts';

/**
 * Which events are one too many: `none`; `event`, the same user, item and time as an earlier one (events without a time
 * are never the same: taking an item twice is what their order says); `item`, the same user and item, whenever.
 */
export type Repeats = 'none' | 'event' | 'item';

const TEXT = {
  event: 'repeated events (same user, item and time), left out',
  item: 'events in which a user took an item again, left out',
};

/** Leaves out repeated events; the first in the log's order stays. */
export function dropRepeats(
  interactions: readonly Interaction[],
  repeats: Repeats,
): { readonly interactions: readonly Interaction[]; readonly findings: readonly Finding[] } {
  if (repeats === 'none') return { interactions, findings: [] };
  const counter = new FindingCounter('repeated_events', TEXT[repeats]);
  const seen = new Set<string>();
  const kept = interactions.filter(({ user, item, time }) => {
    if (repeats === 'event' && time === null) return true;
    const event = JSON.stringify(repeats === 'event' ? [user, item, time] : [user, item]);
    if (seen.has(event)) {
      counter.add(() => `user ${user}, item ${item}`);
      return false;
    }
    seen.add(event);
    return true;
  });
  return { interactions: kept, findings: counter.findings() };
}
