import type { KeptTokens } from '../types.ts';

/** Tokens that have a kept set. */
export const keptLength = ({ offsets }: KeptTokens): number => offsets.length - 1;

/** The ids that token `t` was drawn from. A view, not a copy. */
export const keptSet = ({ ids, offsets }: KeptTokens, t: number): Int32Array =>
  ids.subarray(offsets[t]!, offsets[t + 1]!);

/** Kept sets, one for each token, as they are stored. */
export function keptTokensOf(sets: readonly ArrayLike<number>[]): KeptTokens {
  const recorder = new KeptRecorder();
  for (const set of sets) recorder.push(set);
  return recorder.finish();
}

/** Collects kept sets as they are drawn, in memory that grows by doubling. */
export class KeptRecorder {
  #ids = new Int32Array(0);
  readonly #offsets: number[] = [0];

  /** Copies the ids that one token was drawn from. */
  push(set: ArrayLike<number>): void {
    const start = this.#offsets[this.#offsets.length - 1]!;
    const end = start + set.length;
    if (end > this.#ids.length) {
      const larger = new Int32Array(Math.max(end, 2 * this.#ids.length));
      larger.set(this.#ids.subarray(0, start));
      this.#ids = larger;
    }
    this.#ids.set(set, start);
    this.#offsets.push(end);
  }

  /** What was collected, without the room to grow. */
  finish(): KeptTokens {
    const offsets = Int32Array.from(this.#offsets);
    return { ids: this.#ids.slice(0, offsets[offsets.length - 1]), offsets };
  }
}
