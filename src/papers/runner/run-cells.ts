import { type CellPlan, type CellRecord, cellName } from './cell.ts';
import type { CellStore } from './cell-store.ts';

/** What a cell's process hands back. */
export type CellOutcome = Pick<CellRecord, 'result' | 'laurelVersion' | 'fingerprint'>;

/** Computes one cell in a folder of its own. */
export type ExecuteCell = (
  cell: CellPlan,
  folder: string,
  signal: AbortSignal,
) => Promise<CellOutcome>;

export type CellEvent =
  | { readonly type: 'cell-start'; readonly cell: CellPlan }
  | { readonly type: 'cell-end'; readonly cell: CellPlan; readonly seconds: number }
  | { readonly type: 'cell-failed'; readonly cell: CellPlan; readonly message: string };

export interface RunCellsOptions {
  readonly store: CellStore;
  readonly execute: ExecuteCell;
  /** Cells computed side by side. */
  readonly workers: number;
  /** No cell begins that would likely end after it, except the first ones; Infinity: all are computed. */
  readonly budgetSeconds: number;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: CellEvent) => void;
  /** Seconds on any clock that does not run backwards. */
  readonly now?: () => number;
}

export interface CellsRun {
  /** Names of the cells computed now. */
  readonly computed: readonly string[];
  readonly failed: readonly { readonly name: string; readonly message: string }[];
  /** Names of those that neither were there, nor were computed, nor failed. */
  readonly left: readonly string[];
}

const monotonicSeconds = (): number => performance.now() / 1000;

/**
 * Computes what is missing of a plan, in its order, several cells side by side. A cell is written when it is done, so
 * that whatever ends this, only cells under way are lost. A cell that fails is told and passed over, with those that
 * need it.
 */
export async function runCells(
  cells: readonly CellPlan[],
  options: RunCellsOptions,
): Promise<CellsRun> {
  return new CellPool(cells, options).run();
}

class CellPool {
  readonly #options: RunCellsOptions;
  readonly #waiting: CellPlan[];
  readonly #present: Set<string>;
  readonly #running = new Map<string, Promise<void>>();
  readonly #computed: string[] = [];
  readonly #failed: { name: string; message: string }[] = [];
  /** Seconds of this task's cells so far. */
  readonly #seconds = new Map<string, number[]>();
  readonly #now: () => number;
  readonly #startedAt: number;

  constructor(cells: readonly CellPlan[], options: RunCellsOptions) {
    this.#options = options;
    this.#now = options.now ?? monotonicSeconds;
    this.#startedAt = this.#now();
    const present = options.store.present(cells);
    for (const record of present.values()) this.#note(record, record.seconds);
    this.#present = new Set(present.keys());
    this.#waiting = cells.filter((cell) => !present.has(cellName(cell)));
  }

  async run(): Promise<CellsRun> {
    while (!this.#options.signal.aborted) {
      this.#startWhatMay();
      if (this.#running.size === 0) break;
      await Promise.race(this.#running.values());
    }
    await Promise.all(this.#running.values());
    return {
      computed: this.#computed,
      failed: this.#failed,
      left: this.#waiting.map(cellName),
    };
  }

  #startWhatMay(): void {
    while (this.#running.size < this.#options.workers) {
      const index = this.#waiting.findIndex((cell) =>
        cell.needs.every((need) => this.#present.has(need)),
      );
      const cell = this.#waiting[index];
      if (cell === undefined || !this.#hasTimeFor(cell)) return;
      this.#waiting.splice(index, 1);
      const name = cellName(cell);
      // A cell that fails before it waits for anything must not be taken out before it is in.
      this.#running.set(
        name,
        this.#compute(cell).finally(() => this.#running.delete(name)),
      );
    }
  }

  /** The first cells of a call always begin, so that every call gets further. */
  #hasTimeFor(cell: CellPlan): boolean {
    if (
      this.#computed.length + this.#failed.length === 0 &&
      this.#elapsed() < this.#options.budgetSeconds
    )
      return true;
    return this.#elapsed() + this.#expected(cell) <= this.#options.budgetSeconds;
  }

  #elapsed(): number {
    return this.#now() - this.#startedAt;
  }

  #note({ task }: Pick<CellPlan, 'task'>, seconds: number): void {
    this.#seconds.set(task, [...(this.#seconds.get(task) ?? []), seconds]);
  }

  /** Mean time of the task's cells; 0 before the first. */
  #expected({ task }: CellPlan): number {
    const known = this.#seconds.get(task) ?? [];
    return known.reduce((sum, seconds) => sum + seconds, 0) / Math.max(known.length, 1);
  }

  async #compute(cell: CellPlan): Promise<void> {
    const { store, execute, signal, onEvent } = this.#options;
    const name = cellName(cell);
    const startedAt = this.#now();
    onEvent?.({ type: 'cell-start', cell });
    try {
      const outcome = await execute(cell, store.prepareFiles(cell), signal);
      const seconds = this.#now() - startedAt;
      const { task, arm, seed, settings } = cell;
      const finishedAt = new Date().toISOString();
      store.write(cell, {
        task,
        arm,
        seed,
        key: store.keyOf(cell),
        settings,
        finishedAt,
        seconds,
        ...outcome,
      });
      this.#present.add(name);
      this.#computed.push(name);
      this.#note(cell, seconds);
      onEvent?.({ type: 'cell-end', cell, seconds });
    } catch (error) {
      if (signal.aborted) {
        this.#waiting.unshift(cell);
        return;
      }
      const message = error instanceof Error ? error.message : String(error);
      this.#failed.push({ name, message });
      onEvent?.({ type: 'cell-failed', cell, message });
    }
  }
}
