import { statSync } from 'node:fs';
import { join } from 'node:path';
import { databaseName, RunStore } from '../runs/store/index.ts';

/** The run store, opened anew where a repair has put another database in its place. */
export class OpenStore {
  readonly root: string;
  readonly #refreshMs: number;
  #store: RunStore;
  #identity: string;
  #told: ReadonlySet<string> = new Set();
  #refreshedAt = performance.now();

  /**
   * @param refreshMs - Between looks for run folders that no trainer entered in the database.
   * @throws StoreError where it cannot be opened.
   */
  constructor(root: string, { refreshMs = 3000 }: { readonly refreshMs?: number } = {}) {
    this.root = root;
    this.#refreshMs = refreshMs;
    this.#store = RunStore.open(root);
    this.#identity = this.#identify();
    this.#tellProblems();
  }

  get current(): RunStore {
    this.#follow();
    return this.#store;
  }

  /** Enters run folders that are new and drops those that are gone, once in a while. */
  refresh(): void {
    const now = performance.now();
    if (now - this.#refreshedAt < this.#refreshMs) return;
    this.#refreshedAt = now;
    this.current.refresh();
    this.#tellProblems();
  }

  /** Says in the server's terminal which folders are left out, once each. */
  #tellProblems(): void {
    const problems = this.#store.problems.filter((problem) => !this.#told.has(problem));
    for (const problem of problems) console.error(`A run is left out: ${problem}`);
    this.#told = new Set(this.#store.problems);
  }

  /** Names the database: numbers of runs and cursors mean something within it only. */
  get identity(): string {
    this.#follow();
    return this.#identity;
  }

  close(): void {
    this.#store.close();
  }

  #follow(): void {
    if (this.#identify() === this.#identity) return;
    // First the new one: where it cannot be opened, a damaged one say, the next request tries again.
    const store = RunStore.open(this.root);
    this.#store.close();
    this.#store = store;
    this.#identity = this.#identify();
  }

  #identify(): string {
    const found = statSync(join(this.root, databaseName), { throwIfNoEntry: false });
    return found === undefined ? '0' : found.ino.toString(36);
  }
}
