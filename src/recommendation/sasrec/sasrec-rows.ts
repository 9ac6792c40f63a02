import type { UserSequence } from '../types.ts';

/** One user's lesson: what is read, and what is to be said after the last items of it. */
export interface SasrecRow {
  /** At most `maxLength`, oldest first. */
  readonly items: readonly number[];
  /** What follows each of the last `targets.length` items. */
  readonly targets: readonly number[];
}

/** The rows of user sequences: the last `maxLength` items before the last of each, with all that is learned of them. */
export function sasrecRows(sequences: readonly UserSequence[], maxLength: number): SasrecRow[] {
  return sequences.flatMap(({ items, firstTarget }) => {
    const end = items.length - 1;
    const start = Math.max(0, end - maxLength);
    const targets = items.slice(Math.max(firstTarget, start + 1));
    return targets.length === 0 ? [] : [{ items: items.slice(start, end), targets }];
  });
}
