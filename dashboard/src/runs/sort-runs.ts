import type { RunRow } from '../../../src/server/api.ts';

/** What the table can be sorted by. */
export type SortKey = 'state' | 'name' | 'step' | 'value' | 'started' | 'duration';

/** A column and a direction; `−started` in an address is newest first. */
export interface Sorting {
  readonly key: SortKey;
  readonly order: 'ascending' | 'descending';
}

const keys: readonly string[] = ['state', 'name', 'step', 'value', 'started', 'duration'];
const newestFirst: Sorting = { key: 'started', order: 'descending' };

/** Reads `name` or `-name`; newest first where it is neither. */
export function sortingOf(text: string | null): Sorting {
  const key = text?.replace(/^-/, '') ?? '';
  if (!keys.includes(key)) return newestFirst;
  return { key: key as SortKey, order: text?.startsWith('-') ? 'descending' : 'ascending' };
}

/** The text of a sorting in an address; null for the usual one. */
export function sortingText({ key, order }: Sorting): string | null {
  if (key === newestFirst.key && order === newestFirst.order) return null;
  return order === 'descending' ? `-${key}` : key;
}

/** What a click on a column asks for: numbers begin with the largest, words with the first. */
export function nextSorting(now: Sorting, key: SortKey): Sorting {
  if (now.key === key)
    return { key, order: now.order === 'ascending' ? 'descending' : 'ascending' };
  return { key, order: key === 'name' || key === 'state' ? 'ascending' : 'descending' };
}

/** The value of the sparkline's metric now; null where there is none. */
export const latestValue = ({ latest, sparklineKey }: RunRow): number | null =>
  sparklineKey === null ? null : (latest[sparklineKey] ?? null);

/** Seconds from a run's creation to now where it runs, else to its end or its last sign of life. */
export function durationOf({ state, createdAt, endedAt, updatedAt }: RunRow): number {
  const until = state === 'running' ? Date.now() : Date.parse(endedAt ?? updatedAt);
  return (until - Date.parse(createdAt)) / 1000;
}

const stateOrder = ['running', 'failed', 'interrupted', 'finished'];

const sortValue: Record<SortKey, (run: RunRow) => number | string | null> = {
  state: ({ state }) => stateOrder.indexOf(state),
  name: ({ name }) => name,
  step: ({ step }) => step,
  value: latestValue,
  started: ({ createdAt }) => createdAt,
  duration: durationOf,
};

/** The runs in order; those without a value come last either way, and equal ones newest first. */
export function sortRuns(runs: readonly RunRow[], { key, order }: Sorting): readonly RunRow[] {
  const sign = order === 'ascending' ? 1 : -1;
  return runs.toSorted((left, right) => {
    const [a, b] = [sortValue[key](left), sortValue[key](right)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    const difference =
      typeof a === 'string' ? a.localeCompare(String(b), 'en', { numeric: true }) : a - Number(b);
    return sign * difference || right.createdAt.localeCompare(left.createdAt);
  });
}
