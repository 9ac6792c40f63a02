import { DataError } from '../errors.ts';
import type { TokenConstraint } from '../policy/index.ts';

/**
 * Sequences of tokens as a prefix tree in flat arrays, 12 bytes a node: nodes are numbered level by level, so that the
 * children of one are neighbours, in the order of their tokens.
 */
export class TokenTrie implements TokenConstraint {
  readonly start = 0;
  readonly maxTokens: number;
  /** The token that leads to each node; −1 at the root. */
  readonly #tokens: Int32Array;
  /** Where each node's children begin; one more than there are nodes. */
  readonly #children: Int32Array;
  /** For each node, where its sequences begin in `#sequences`; one more than there are nodes. */
  readonly #ends: Int32Array;
  /** Places in the given list of the sequences that end at each node, ascending. */
  readonly #sequences: Int32Array;

  private constructor(arrays: TrieArrays) {
    this.maxTokens = arrays.depth;
    this.#tokens = arrays.tokens;
    this.#children = arrays.children;
    this.#ends = arrays.ends;
    this.#sequences = arrays.sequences;
  }

  /**
   * @param sequences - Token ids; several may be equal. None may be a proper prefix of another: end them with a token of
   *   their own, such as the end of sequence, where some may.
   * @throws DataError for an empty sequence, a negative id, or a sequence that begins another.
   */
  static of(sequences: readonly ArrayLike<number>[]): TokenTrie {
    return new TokenTrie(buildTrie(sequences));
  }

  /** Nodes, the root included. */
  get size(): number {
    return this.#tokens.length;
  }

  /** Memory of all of it. */
  get sizeBytes(): number {
    const arrays = [this.#tokens, this.#children, this.#ends, this.#sequences];
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  allowed(node: number): Int32Array {
    return this.#tokens.subarray(this.#children[node]!, this.#children[node + 1]!);
  }

  follow(node: number, index: number): number {
    return this.#children[node]! + index;
  }

  isEnd(node: number): boolean {
    return this.#children[node] === this.#children[node + 1];
  }

  /** Places in the list given to `of` of the sequences that end at a node, ascending. */
  sequencesAt(node: number): Int32Array {
    return this.#sequences.subarray(this.#ends[node]!, this.#ends[node + 1]!);
  }

  /** The node a path leads to; undefined where the trie does not have it. */
  find(tokens: ArrayLike<number>): number | undefined {
    let node = this.start;
    for (let t = 0; t < tokens.length; t++) {
      const index = indexOf(this.allowed(node), tokens[t]!);
      if (index < 0) return undefined;
      node = this.follow(node, index);
    }
    return node;
  }
}

interface TrieArrays {
  readonly tokens: Int32Array;
  readonly children: Int32Array;
  readonly ends: Int32Array;
  readonly sequences: Int32Array;
  readonly depth: number;
}

/** Binary search; −1 where it is missing. */
function indexOf(sorted: Int32Array, value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] === value) return middle;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function checkTokens(sequences: readonly ArrayLike<number>[]): void {
  for (const [place, sequence] of sequences.entries()) {
    if (sequence.length === 0) throw new DataError(`sequence ${place} has no tokens`);
    for (let t = 0; t < sequence.length; t++) {
      if (sequence[t]! >= 0) continue;
      throw new DataError(`sequence ${place}: ${sequence[t]} is no token id`);
    }
  }
}

/** Places of sequences that share their first tokens: order[begin … end]. */
interface Run {
  readonly begin: number;
  readonly end: number;
}

/** Sorts each run by its sequences' next token, equal ones by place; ended sequences come first. */
class RunSorter {
  readonly #sequences: readonly ArrayLike<number>[];
  readonly #keys: Float64Array;

  constructor(sequences: readonly ArrayLike<number>[]) {
    this.#sequences = sequences;
    this.#keys = new Float64Array(sequences.length);
  }

  /** Numbers sort many times faster than objects: a key is (token + 1) · N + place. */
  sort(order: Int32Array, { begin, end }: Run, depth: number): void {
    const count = this.#sequences.length;
    for (let i = begin; i < end; i++)
      this.#keys[i] = ((this.#sequences[order[i]!]![depth] ?? -1) + 1) * count + order[i]!;
    this.#keys.subarray(begin, end).sort();
    for (let i = begin; i < end; i++) order[i] = this.#keys[i]! % count;
  }
}

/** @throws DataError where some sequences of a run end and others go on. */
function assertNoPrefix(
  sequences: readonly ArrayLike<number>[],
  order: Int32Array,
  { begin, end }: Run,
  depth: number,
): void {
  const [first, last] = [order[begin]!, order[end - 1]!];
  if (sequences[first]!.length > depth || sequences[last]!.length === depth) return;
  throw new DataError(
    `sequence ${first} begins sequence ${last}, so that its end could not be told; end every sequence with a token of its own`,
  );
}

/** Level by level: the runs of one level split by their next token into those of the next. */
function buildTrie(sequences: readonly ArrayLike<number>[]): TrieArrays {
  checkTokens(sequences);
  const order = Int32Array.from(sequences.keys());
  const sorter = new RunSorter(sequences);
  const tokens: number[] = [-1];
  const children: number[] = [];
  const ends: number[] = [];
  const placed: number[] = [];
  let level: Run[] = [{ begin: 0, end: order.length }];
  let depth = 0;
  for (; level.length > 0; depth++) {
    const next: Run[] = [];
    for (const run of level) {
      children.push(tokens.length);
      ends.push(placed.length);
      if (run.end - run.begin > 1) sorter.sort(order, run, depth);
      if (run.end > run.begin) assertNoPrefix(sequences, order, run, depth);
      for (let i = run.begin; i < run.end; ) {
        const token = sequences[order[i]!]![depth];
        const begin = i;
        while (i < run.end && sequences[order[i]!]![depth] === token) i++;
        if (token === undefined) for (let k = begin; k < i; k++) placed.push(order[k]!);
        else {
          tokens.push(token);
          next.push({ begin, end: i });
        }
      }
    }
    level = next;
  }
  children.push(tokens.length);
  ends.push(placed.length);
  const [a, b, c, d] = [tokens, children, ends, placed].map((list) => Int32Array.from(list));
  return { tokens: a!, children: b!, ends: c!, sequences: d!, depth: depth - 1 };
}
