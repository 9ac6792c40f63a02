import { type CellPlan, cellName } from './cell.ts';
import type { CellEvent } from './run-cells.ts';

export interface ProgressOptions {
  readonly planned: number;
  /** Cells that were there before this call. */
  readonly done: number;
  readonly write: (line: string) => void;
  /** Seconds on a clock that does not run backwards. */
  readonly now: () => number;
}

const REPORT_SECONDS = 20;

export const describeSeconds = (seconds: number): string =>
  seconds < 90
    ? `${Math.round(seconds)} s`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`;

/** Tells a person how a study gets on: a line per finished cell with rate and time left, and where running ones are. */
export class ProgressLines {
  readonly #options: ProgressOptions;
  readonly #startedAt: number;
  #finished = 0;
  #failed = 0;
  readonly #toldAt = new Map<string, number>();

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#startedAt = options.now();
  }

  readonly onEvent = (event: CellEvent): void => {
    const { write, now } = this.#options;
    const name = cellName(event.cell);
    if (event.type === 'cell-start') this.#toldAt.set(name, now());
    if (event.type === 'cell-failed') {
      this.#failed++;
      write(`${name} failed: ${event.message}`);
    }
    if (event.type === 'cell-end') {
      this.#finished++;
      write(`${this.#place()} ${name}: ${describeSeconds(event.seconds)}${this.#rate()}`);
    }
  };

  /** Where a running cell is; told now and then. */
  report(cell: CellPlan, text: string): void {
    const { write, now } = this.#options;
    const name = cellName(cell);
    if (now() - (this.#toldAt.get(name) ?? 0) < REPORT_SECONDS) return;
    this.#toldAt.set(name, now());
    write(`  ${name}: ${text}`);
  }

  #place(): string {
    const { planned, done } = this.#options;
    return `[${done + this.#finished}/${planned}]`;
  }

  #rate(): string {
    const { planned, done, now } = this.#options;
    const left = planned - done - this.#finished - this.#failed;
    const perCell = (now() - this.#startedAt) / this.#finished;
    if (left <= 0) return '';
    return `; ${(60 / perCell).toFixed(1)} cells a minute, about ${describeSeconds(left * perCell)} left`;
  }
}
