import { ConfigError, DataError } from '../errors.ts';
import { shuffledOrder } from './shuffled-order.ts';

/** Where a run is in its data; goes into the checkpoint. */
export interface CursorState {
  readonly epoch: number;
  /** Rows of this epoch already taken. */
  readonly position: number;
}

/** How a cursor walks through a dataset. */
export interface DatasetCursorOptions {
  readonly seed?: number;
  /**
   * `shuffled`: a new order each epoch; `sequential`: file order; a function: the order it gives for an epoch, from
   * nothing but its number. Default `shuffled`.
   */
  readonly order?: 'shuffled' | 'sequential' | ((epoch: number) => Uint32Array);
  /**
   * What happens when an epoch has fewer rows left than asked for. `wrap`: fill up from the next epoch; `drop`: leave
   * them and start the next epoch (TRL's samplers); `short`: return fewer. Default `wrap`.
   */
  readonly atEpochEnd?: 'wrap' | 'drop' | 'short';
  /** Where an earlier cursor stopped. */
  readonly state?: CursorState;
}

const orders = {
  shuffled: (length: number, seed: number) => (epoch: number) => shuffledOrder(length, seed, epoch),
  sequential: (length: number) => () => Uint32Array.from({ length }, (_, index) => index),
};

/** Hands out row numbers, epoch after epoch; its state is two numbers, so a resumed run continues exactly. */
export class DatasetCursor {
  readonly #length: number;
  readonly #order: (epoch: number) => Uint32Array;
  readonly #atEpochEnd: 'wrap' | 'drop' | 'short';
  #epoch: number;
  #position: number;
  #rows: { epoch: number; order: Uint32Array } | undefined;

  constructor(
    length: number,
    { seed = 0, order = 'shuffled', atEpochEnd = 'wrap', state }: DatasetCursorOptions = {},
  ) {
    if (!Number.isSafeInteger(length) || length < 1) {
      throw new DataError(`DatasetCursor: expected at least one row, found ${length}`);
    }
    const { epoch, position } = state ?? { epoch: 0, position: 0 };
    if (position > length) {
      throw new DataError(
        `DatasetCursor: the saved position ${position} is past the dataset's ${length} rows; it is another dataset`,
      );
    }
    this.#length = length;
    this.#order = typeof order === 'function' ? order : orders[order](length, seed);
    this.#atEpochEnd = atEpochEnd;
    this.#epoch = epoch;
    this.#position = position;
  }

  /** Rows taken so far, in epochs: 1.5 is halfway through the second. */
  get epochs(): number {
    return this.#epoch + this.#position / this.#length;
  }

  /** Rows of this epoch not yet taken. */
  get remaining(): number {
    return this.#length - this.#position;
  }

  state(): CursorState {
    return { epoch: this.#epoch, position: this.#position };
  }

  /** The next row numbers, `count` of them save at the end of an epoch under `short`. */
  take(count: number): number[] {
    if (this.#atEpochEnd === 'drop' && count > this.#length) {
      throw new ConfigError(
        `a step takes ${count} rows and the dataset has ${this.#length}; lower the rows per step to at most ${this.#length}`,
      );
    }
    const remaining = this.#length - this.#position;
    if (remaining === 0 || (this.#atEpochEnd === 'drop' && count > remaining)) this.#nextEpoch();
    const rows = this.#takeWithinEpoch(count);
    while (this.#atEpochEnd === 'wrap' && rows.length < count) {
      this.#nextEpoch();
      rows.push(...this.#takeWithinEpoch(count - rows.length));
    }
    return rows;
  }

  #nextEpoch(): void {
    this.#epoch += 1;
    this.#position = 0;
  }

  #takeWithinEpoch(count: number): number[] {
    const end = Math.min(this.#position + count, this.#length);
    const rows = Array.from(this.#epochOrder().subarray(this.#position, end));
    this.#position = end;
    return rows;
  }

  #epochOrder(): Uint32Array {
    if (this.#rows?.epoch !== this.#epoch) {
      this.#rows = { epoch: this.#epoch, order: this.#order(this.#epoch) };
    }
    return this.#rows.order;
  }
}
