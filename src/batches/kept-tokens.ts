import type { KeptTokens } from '../types.ts';

/** Tokens that have a kept set. */
export const keptLength = ({ starts }: KeptTokens): number => starts.length;

/** The ids that token `t` was drawn from. A view, not a copy. */
export const keptSet = ({ ids, starts, ends }: KeptTokens, t: number): Int32Array =>
  ids.subarray(starts[t]!, ends[t]!);

/** Kept sets, one for each token, copied one after the other. */
export function keptTokensOf(sets: readonly ArrayLike<number>[]): KeptTokens {
  const recorder = new KeptRecorder();
  for (const set of sets) recorder.push(set);
  return recorder.finish();
}

/**
 * Kept sets that stay as they are, as those of a constraint do. Where they are views of one array it is shared, so that
 * a token takes eight bytes whatever the size of its set; else they are copied.
 */
export function keptViewsOf(sets: readonly Int32Array[]): KeptTokens {
  const [first] = sets;
  if (first === undefined || sets.some(({ buffer }) => buffer !== first.buffer))
    return keptTokensOf(sets);
  const starts = Int32Array.from(
    sets,
    ({ byteOffset, BYTES_PER_ELEMENT: size }) => byteOffset / size,
  );
  return {
    ids: new Int32Array(first.buffer),
    starts,
    ends: starts.map((start, t) => start + sets[t]!.length),
  };
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
    const ids = this.#ids.slice(0, this.#offsets.at(-1));
    const starts = Int32Array.from(this.#offsets.slice(0, -1));
    return { ids, starts, ends: Int32Array.from(this.#offsets.slice(1)) };
  }
}
