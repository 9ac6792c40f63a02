import type { Beam } from './beam-search.ts';

/** A whole beam that stays, or one more token after a beam. */
export type Candidate =
  | { readonly score: number; readonly beam: Beam }
  | {
      readonly score: number;
      /** Beam that it goes on from, and which of its allowed tokens it takes. */
      readonly parent: number;
      readonly index: number;
      readonly logprob: number;
    };

export interface Selection {
  readonly whole: readonly Beam[];
  readonly going: readonly Beam[];
  /** Allowed tokens after each of `going`. */
  readonly sets: readonly Int32Array[];
  /** log π of each, one set after another. */
  readonly logprobs: Float32Array | Float64Array;
  readonly width: number;
}

/** A binary heap of the `width` best candidates, its worst on top: by score, and the later one worse of two equals. */
class BestHeap {
  readonly #width: number;
  readonly #scores: number[] = [];
  readonly #numbers: number[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  /** Whether a candidate with this score would stay; of equal scores the earlier stays. */
  takes(score: number): boolean {
    return this.#scores.length < this.#width || score > this.#scores[0]!;
  }

  #isWorse(a: number, b: number): boolean {
    const [left, right] = [this.#scores[a]!, this.#scores[b]!];
    return left === right ? this.#numbers[a]! > this.#numbers[b]! : left < right;
  }

  #swap(a: number, b: number): void {
    for (const list of [this.#scores, this.#numbers]) [list[a], list[b]] = [list[b]!, list[a]!];
  }

  /** Adds candidate `number`, which `takes` has let in. Numbers rise. */
  push(score: number, number: number): void {
    if (this.#scores.length < this.#width) {
      let at = this.#scores.push(score) - 1;
      this.#numbers.push(number);
      for (let up = (at - 1) >> 1; at > 0 && this.#isWorse(at, up); up = (at - 1) >> 1) {
        this.#swap(at, up);
        at = up;
      }
      return;
    }
    this.#scores[0] = score;
    this.#numbers[0] = number;
    this.#sink();
  }

  #sink(): void {
    for (let at = 0; ; ) {
      let worst = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < this.#scores.length && this.#isWorse(child, worst)) worst = child;
      if (worst === at) return;
      this.#swap(at, worst);
      at = worst;
    }
  }

  /** Numbers, best first. */
  sorted(): number[] {
    const order = [...this.#numbers.keys()].sort((a, b) => (this.#isWorse(a, b) ? 1 : -1));
    return order.map((at) => this.#numbers[at]!);
  }
}

/** Place of the last number that is at most `value`; numbers rise, and the first is. */
function lastAtMost(numbers: readonly number[], value: number): number {
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (numbers[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * The best candidates of one prompt, best first. Whole beams stay in the running; since a log-probability is at most 0,
 * one that is not among the best now never will be. Of equals, whole beams win, then the earlier beam, then the lower
 * token id.
 */
export function selectBest(selection: Selection): Candidate[] {
  const { whole, going, sets, logprobs, width } = selection;
  const heap = new BestHeap(width);
  for (const [number, { score }] of whole.entries())
    if (heap.takes(score)) heap.push(score, number);
  const starts: number[] = [];
  let at = 0;
  for (const [parent, { score }] of going.entries()) {
    starts.push(at);
    for (const end = at + sets[parent]!.length; at < end; at++) {
      const total = score + logprobs[at]!;
      if (heap.takes(total)) heap.push(total, whole.length + at);
    }
  }
  return heap.sorted().map((number) => {
    if (number < whole.length) return { score: whole[number]!.score, beam: whole[number]! };
    const at = number - whole.length;
    const parent = lastAtMost(starts, at);
    const logprob = logprobs[at]!;
    const score = going[parent]!.score + logprob;
    return { score, parent, index: at - starts[parent]!, logprob };
  });
}
