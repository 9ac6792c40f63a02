import type { RunRow } from '../../../src/server/api.ts';

/** Which runs the table shows; empty means any. */
export interface RunFilter {
  readonly text: string;
  readonly state: string;
  readonly trainer: string;
  readonly tag: string;
  readonly paper: string;
}

export const filterNames = ['text', 'state', 'trainer', 'tag', 'paper'] as const;

/** The filter that an address asks for. */
export function filterOf(query: URLSearchParams): RunFilter {
  const entries = filterNames.map((name) => [name, query.get(name) ?? '']);
  return Object.fromEntries(entries) as Record<(typeof filterNames)[number], string>;
}

/** Whether a filter leaves anything out. */
export const isFiltering = (filter: RunFilter): boolean =>
  filterNames.some((name) => filter[name] !== '');

/** Whether a run is one that the filter asks for: every word of the text is in its name, tags, notes or origin. */
export function passes(run: RunRow, filter: RunFilter): boolean {
  const { name, tags, notes, trainer, paper, recipe, state } = run;
  const haystack = [name, trainer, paper ?? '', recipe ?? '', notes, ...tags]
    .join('\n')
    .toLowerCase();
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return (
    words.every((word) => haystack.includes(word)) &&
    isAny(filter.state, [state]) &&
    isAny(filter.trainer, [trainer]) &&
    isAny(filter.tag, tags) &&
    isAny(filter.paper, paper === null ? [] : [paper])
  );
}

const isAny = (wanted: string, found: readonly string[]): boolean =>
  wanted === '' || found.includes(wanted);

/** The values that a filter can take among these runs, in alphabetical order. */
export function choicesOf(
  runs: readonly RunRow[],
  name: Exclude<keyof RunFilter, 'text'>,
): readonly string[] {
  const values = runs.flatMap((run) => {
    if (name === 'tag') return run.tags;
    const value = run[name];
    return value === null ? [] : [value];
  });
  return [...new Set(values)].sort((left, right) => left.localeCompare(right));
}
