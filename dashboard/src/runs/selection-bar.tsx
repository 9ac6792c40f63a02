import type { RunRow } from '../../../src/server/api.ts';
import { count } from '../format.ts';

interface SelectionBarProps {
  readonly runs: readonly RunRow[];
  readonly selected: ReadonlySet<number>;
  readonly onClear: () => void;
}

/** What can be done with the selected runs; at the foot of the window while there are any. */
export function SelectionBar({ runs, selected, onClear }: SelectionBarProps) {
  const chosen = runs.filter(({ id }) => selected.has(id));
  if (chosen.length === 0) return null;
  const href = `/compare?runs=${chosen.map(({ id }) => id).join(',')}`;
  return (
    <section class="selection-bar" aria-label="Selected runs">
      <p role="status">{count(chosen.length, 'run')} selected</p>
      <button type="button" class="button" data-kind="quiet" onClick={onClear}>
        Clear
      </button>
      <a class="button" data-kind="primary" href={href}>
        {chosen.length === 1 ? 'Look closer' : 'Compare'}
      </a>
    </section>
  );
}
