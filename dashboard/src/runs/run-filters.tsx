import type { RunRow } from '../../../src/server/api.ts';
import { count } from '../format.ts';
import { setQuery } from '../router.ts';
import { choicesOf, isFiltering, type RunFilter } from './run-filter.ts';

const selects = [
  ['state', 'State'],
  ['trainer', 'Trainer'],
  ['tag', 'Tag'],
  ['paper', 'Paper'],
] as const;

interface RunFiltersProps {
  readonly runs: readonly RunRow[];
  readonly filter: RunFilter;
  /** Runs that pass. */
  readonly shown: number;
}

/** Search and selects above the table; the address keeps what is chosen. */
export function RunFilters({ runs, filter, shown }: RunFiltersProps) {
  return (
    <search class="toolbar run-filters">
      <label class="field run-search">
        <span>Search</span>
        <input
          type="search"
          value={filter.text}
          placeholder="Name, tag, notes"
          onInput={({ currentTarget }) => setQuery({ text: currentTarget.value })}
        />
      </label>
      {selects.map(([name, label]) => {
        const choices = choicesOf(runs, name);
        // One trainer, no tags: a select that cannot filter would only be in the way.
        if (choices.length < (name === 'tag' || name === 'paper' ? 1 : 2) && filter[name] === '')
          return null;
        return (
          <label class="field" key={name}>
            <span>{label}</span>
            <select
              value={filter[name]}
              onChange={({ currentTarget }) => setQuery({ [name]: currentTarget.value })}
            >
              <option value="">Any</option>
              {choices.map((choice) => (
                <option key={choice} value={choice}>
                  {choice}
                </option>
              ))}
            </select>
          </label>
        );
      })}
      <p class="run-count" role="status">
        {isFiltering(filter) ? `${count(shown, 'run')} of ${runs.length}` : ''}
      </p>
    </search>
  );
}
