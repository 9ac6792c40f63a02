import type { StoredRun } from '../../runs/store/index.ts';
import type { RunRow } from '../api.ts';
import type { OpenStore } from '../open-store.ts';
import { sparklineOf } from './sparkline.ts';

/** The table of runs, kept: what did not change since it was last asked for is not read again. */
export class RunTable {
  readonly #open: OpenStore;
  readonly #rows = new Map<number, RunRow>();
  #database = '';
  #cursor = 0;

  constructor(open: OpenStore) {
    this.#open = open;
  }

  /** Newest first. */
  rows(): RunRow[] {
    this.#open.refresh();
    const store = this.#open.current;
    if (this.#database !== this.#open.identity) {
      this.#rows.clear();
      this.#database = this.#open.identity;
      this.#cursor = 0;
    }
    const { cursor, runIds, deletedIds } = store.changedSince(this.#cursor);
    this.#cursor = cursor;
    for (const id of deletedIds) this.#rows.delete(id);
    for (const run of this.#read(runIds)) {
      this.#rows.set(run.id, { ...run, ...sparklineOf(run, store) });
    }
    return [...this.#rows.values()].sort(newestFirst);
  }

  /** Single runs where there are few, else all at once. */
  #read(ids: readonly number[]): StoredRun[] {
    const store = this.#open.current;
    if (ids.length > 20) return store.runs();
    return ids.flatMap((id) => store.run(id) ?? []);
  }
}

const newestFirst = (left: RunRow, right: RunRow): number =>
  right.createdAt.localeCompare(left.createdAt) || right.id - left.id;
