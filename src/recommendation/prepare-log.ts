import { DataError } from '../errors.ts';
import {
  catalogueFindings,
  catalogueKeys,
  describeItem,
  type ItemSources,
  requireOfItems,
} from './log/catalogue.ts';
import { dropRepeats, type Repeats } from './log/drop-repeats.ts';
import { type Finding, FindingCounter } from './log/finding.ts';
import { hasGlobalOrder, type InteractionLog } from './log/interaction-log.ts';
import { kCore } from './log/k-core.ts';
import { equalTimes, groupByUser, orderEvents } from './log/order-events.ts';
import { sharedNameFindings } from './log/shared-names.ts';
import { countItems } from './popularity.ts';
import { LEAVE_ONE_OUT_EVENTS, leaveOneOut } from './splits/leave-one-out.ts';
import type { Split, UserItems } from './splits/split.ts';
import { type LogStep, timeSplit } from './splits/time-split.ts';
import type { Interaction, RecommendationData } from './types.ts';

/** How a log becomes a data set. */
export interface PrepareOptions {
  /** Default `leave-one-out`. */
  readonly split?: 'leave-one-out' | 'time' | undefined;
  /** Fewest events of a user that stays, see {@link kCore}. Default 1, which leaves nobody out. */
  readonly minUserEvents?: number | undefined;
  /** Fewest events of an item that stays. Default 1. */
  readonly minItemEvents?: number | undefined;
  /** Default `event`. */
  readonly repeats?: Repeats | undefined;
  /** Items kept of a question's history, the latest. Default all. */
  readonly maxHistory?: number | undefined;
  /** Whether items that are listed but that nobody took can be recommended. Default `left out`. */
  readonly untakenItems?: 'kept' | 'left out' | undefined;
  /** Leaves out events whose item has no title. Default false. */
  readonly requireTitle?: boolean | undefined;
  /** Leaves out events whose item has no semantic id. Default false. */
  readonly requireSemanticId?: boolean | undefined;
}

/** A data set, and what was found on the way to it. */
export interface Prepared {
  readonly data: RecommendationData;
  readonly report: readonly Finding[];
}

/**
 * Makes a data set of a log: repeats and events of items that lack what is required go, then users and items with too
 * few events; what is left is ordered by time and split.
 * @throws DataError where nothing is left, or where the split needs an order that the log does not have.
 */
export function prepareLog(
  name: string,
  log: InteractionLog,
  sources: ItemSources,
  options: PrepareOptions = {},
): Prepared {
  const { untakenItems = 'left out', split = 'leave-one-out' } = options;
  if (split === 'time' && !hasGlobalOrder(log))
    throw new DataError(
      `${name}: a split by time needs the time of each event, or a log in the order of time; use leave-one-out`,
    );
  const { interactions, findings } = selectEvents(name, log, sources, options);
  const ordered = orderEvents(interactions);
  const taken = new Set(ordered.map(({ item }) => item));
  const items = catalogueKeys(taken, sources, untakenItems).map((key) =>
    describeItem(key, sources),
  );
  const users = groupByUser(ordered, new Map(items.map(({ key }, place) => [key, place])));
  const parts = splitUsers(users, ordered, split, options.maxHistory);
  const data = { name, items, ...parts, popularity: countItems(parts.train, items.length) };
  return {
    data,
    report: [
      ...log.findings,
      ...(sources.items?.findings ?? []),
      ...(sources.semanticIds?.findings ?? []),
      ...findings,
      ...equalTimes(ordered),
      ...catalogueFindings(items, taken, sources, untakenItems),
      ...shortUsers(users, split),
      ...sharedNameFindings(data),
    ],
  };
}

function selectEvents(
  name: string,
  { interactions: all }: InteractionLog,
  sources: ItemSources,
  options: PrepareOptions,
) {
  const { requireTitle = false, requireSemanticId = false, repeats = 'event' } = options;
  const once = dropRepeats(all, repeats);
  const required = { title: requireTitle, semanticId: requireSemanticId };
  const allowed = requireOfItems(once.interactions, sources, required);
  const core = kCore(allowed.interactions, options);
  if (core.length === 0) throw nothingLeft(name, all.length, allowed.interactions.length);
  return {
    interactions: core,
    findings: [
      ...once.findings,
      ...allowed.findings,
      ...coreFindings(allowed.interactions, core, options),
    ],
  };
}

function nothingLeft(name: string, read: number, allowed: number): DataError {
  const reason =
    read === 0
      ? 'the log has no event that can be read'
      : allowed === 0
        ? `none of ${read} events has an item with what is required; check that items and log name items alike`
        : `no user and item of ${allowed} events has enough of them; lower the fewest events of users and items`;
  return new DataError(`${name}: ${reason}`);
}

function coreFindings(
  before: readonly Interaction[],
  after: readonly Interaction[],
  { minUserEvents = 1, minItemEvents = 1 }: PrepareOptions,
): Finding[] {
  const lost = (key: 'user' | 'item') =>
    new Set(before.map((event) => event[key])).size -
    new Set(after.map((event) => event[key])).size;
  const why = `left out so that each user has at least ${minUserEvents} events and each item ${minItemEvents}`;
  return [
    { name: 'users_below_core', count: lost('user'), text: `users ${why}`, examples: [] },
    { name: 'items_below_core', count: lost('item'), text: `items ${why}`, examples: [] },
    {
      name: 'events_below_core',
      count: before.length - after.length,
      text: `events ${why}`,
      examples: [],
    },
  ].filter(({ count }) => count > 0);
}

function splitUsers(
  users: readonly UserItems[],
  ordered: readonly Interaction[],
  split: 'leave-one-out' | 'time',
  maxHistory: number | undefined,
): Split {
  if (split === 'leave-one-out') return leaveOneOut(users, { maxHistory });
  const places = new Map(users.map(({ user }, index) => [user, index]));
  const taken = new Array<number>(users.length).fill(0);
  const steps = ordered.map(({ user }): LogStep => {
    const index = places.get(user)!;
    taken[index]! += 1;
    return { user: index, index: taken[index]! - 1 };
  });
  return timeSplit(users, steps, { maxHistory });
}

function shortUsers(users: readonly UserItems[], split: 'leave-one-out' | 'time'): Finding[] {
  const fewest = split === 'leave-one-out' ? LEAVE_ONE_OUT_EVENTS : 2;
  const counter = new FindingCounter(
    'short_users',
    `users with fewer than ${fewest} events, of whom nothing is asked`,
  );
  for (const { user, items } of users)
    if (items.length < fewest) counter.add(() => `user ${user}, ${items.length} events`);
  return counter.findings();
}
