import { ShapeError } from '../errors.ts';
import {
  callInPlace,
  type DType,
  dispose,
  empty,
  keep,
  noGrad,
  type Tensor,
  tidy,
} from '../tensor/index.ts';
import type { Model } from './weights.ts';

interface CacheShape {
  readonly layers: number;
  readonly keyHeads: number;
  readonly capacity: number;
  readonly width: number;
  readonly dtype: DType;
  readonly device: string;
}

/** Keys and values of one layer; [allocated rows, K, capacity, D]. */
interface LayerCache {
  key: Tensor;
  value: Tensor;
}

/** What a forward pass reads its earlier tokens from, and leaves its own in. */
export interface TokenStore {
  /** Tokens read so far, padding included. */
  readonly length: number;
  /** @throws ShapeError when `count` more tokens in `rows` rows do not fit. */
  assertRoom(rows: number, count: number): void;
  /**
   * Takes a layer's new keys and values [B, T, K, D]; `advance` makes them count.
   * @returns all that its queries see, [B, K, S, D].
   */
  append(layer: number, key: Tensor, value: Tensor, count: number): { key: Tensor; value: Tensor };
  /** Called once per forward pass, after every layer has appended. */
  advance(count: number): void;
}

/** Where the tokens of one packed row belong in a cache. */
export interface TokenPlaces {
  /** Row of each token. [N], int64 */
  readonly rows: Tensor;
  /** Its place in that row. [N], int64 */
  readonly places: Tensor;
  /** Places in use afterwards. */
  readonly length: number;
}

/**
 * Keys and values of the tokens read so far, allocated once. Outlives scopes: dispose it.
 * Its memory is uninitialised beyond `length`; nothing reads there.
 */
export class KeyValueCache implements TokenStore {
  readonly #shape: CacheShape;
  #layers: LayerCache[];
  #allocatedRows: number;
  #rows: number;
  #length = 0;

  constructor(rows: number, shape: CacheShape) {
    this.#shape = shape;
    this.#rows = rows;
    this.#allocatedRows = rows;
    this.#layers = this.#allocate(rows);
  }

  /** Tokens read so far, padding included. */
  get length(): number {
    return this.#length;
  }

  /** B */
  get rows(): number {
    return this.#rows;
  }

  /** The most tokens a row can hold. */
  get capacity(): number {
    return this.#shape.capacity;
  }

  #allocate(rows: number): LayerCache[] {
    const { layers, keyHeads, capacity, width, dtype, device } = this.#shape;
    const make = () => keep(empty([rows, keyHeads, capacity, width], { dtype, device }));
    return Array.from({ length: layers }, () => ({ key: make(), value: make() }));
  }

  /** The stored tensor's rows in use, up to a number of tokens. [B, K, S, D] */
  #used(stored: Tensor, length: number): Tensor {
    const rows = this.#rows === this.#allocatedRows ? stored : stored.narrow(0, 0, this.#rows);
    return rows.narrow(2, 0, length);
  }

  /** @throws ShapeError when `count` more tokens in `rows` rows do not fit. */
  assertRoom(rows: number, count: number): void {
    if (rows !== this.#rows) {
      throw new ShapeError(`hiddenStates: tokens have ${rows} rows, the cache has ${this.#rows}`);
    }
    if (this.#length + count > this.capacity) {
      throw new ShapeError(
        `hiddenStates: ${this.#length} cached and ${count} new tokens exceed the cache's capacity of ${this.capacity}`,
      );
    }
  }

  /**
   * Writes a layer's new keys and values [B, T, K, D] behind the cached ones; `advance` makes them count.
   * @returns views of everything written so far, [B, K, S, D].
   */
  append(layer: number, key: Tensor, value: Tensor, count: number): { key: Tensor; value: Tensor } {
    const stored = this.#layers[layer]!;
    const length = this.#length + count;
    const write = (into: Tensor, tokens: Tensor): Tensor => {
      const used = this.#used(into, length);
      used.narrow(2, this.#length, count).copy_(tokens.transpose(1, 2));
      return used;
    };
    return { key: write(stored.key, key), value: write(stored.value, value) };
  }

  /** The memory of every layer's keys and values, in turn, for an operator that appends by itself. [R', K, capacity, D] */
  stored(): Tensor[] {
    return this.#layers.flatMap(({ key, value }) => [key, value]);
  }

  /** Called once per forward pass, after every layer has appended. */
  advance(count: number): void {
    this.#length += count;
  }

  /**
   * For one forward pass over sequences packed into a single row, each seeing itself alone: their keys and values go to
   * the places given, of an empty cache.
   */
  packed({ rows, places, length }: TokenPlaces): TokenStore {
    const write = (into: Tensor, tokens: Tensor): Tensor => {
      callInPlace('aten::index_put_', into.transpose(1, 2), [rows, places], tokens.squeeze(0));
      return tokens.transpose(1, 2);
    };
    return {
      length: 0,
      assertRoom: () => this.assertRoom(this.#rows, length),
      append: (layer, key, value) => {
        const stored = this.#layers[layer]!;
        return { key: write(stored.key, key), value: write(stored.value, value) };
      },
      advance: () => this.advance(length),
    };
  }

  /** Repeats every row `groupSize` times in place of itself: row r becomes rows r·G … r·G + G − 1. */
  expandRows(groupSize: number): void {
    if (groupSize === 1) return;
    this.#rebuild(this.#rows * groupSize, (old, fresh) => {
      const { keyHeads, capacity, width } = this.#shape;
      fresh
        .view([this.#rows, groupSize, keyHeads, capacity, width])
        .narrow(3, 0, this.#length)
        .copy_(this.#used(old, this.#length).unsqueeze(1));
    });
  }

  /** Keeps the rows that `index` [R] (int64) names, in its order. */
  selectRows(index: Tensor): void {
    const rows = index.size;
    const pick = (old: Tensor) => this.#used(old, this.#length).indexSelect(0, index);
    if (rows > this.#allocatedRows) {
      this.#rebuild(rows, (old, fresh) => fresh.narrow(2, 0, this.#length).copy_(pick(old)));
      return;
    }
    callInPlace('laurel::select_rows_', this.stored(), index, this.#length);
    this.#rows = rows;
  }

  /** Moves to fresh memory layer by layer, so that little more than both caches is alive at once. */
  #rebuild(rows: number, fill: (old: Tensor, fresh: Tensor) => void): void {
    const { keyHeads, capacity, width, dtype, device } = this.#shape;
    const move = (old: Tensor): Tensor => {
      const fresh = keep(empty([rows, keyHeads, capacity, width], { dtype, device }));
      noGrad(() => tidy(() => fill(old, fresh)));
      dispose(old);
      return fresh;
    };
    this.#layers = this.#layers.map(({ key, value }) => ({ key: move(key), value: move(value) }));
    this.#rows = rows;
    this.#allocatedRows = rows;
  }

  /** Frees the memory. Using the cache afterwards throws. */
  dispose(): void {
    for (const { key, value } of this.#layers) dispose(key, value);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

export interface CacheOptions {
  /** B */
  rows: number;
  /** The most tokens per row, prompt and completion together. */
  capacity: number;
}

/** An empty cache for `rows` sequences of at most `capacity` tokens. */
export function createCache(
  { config, weights }: Model,
  { rows, capacity }: CacheOptions,
): KeyValueCache {
  const { dtype, device } = weights.embedTokens;
  return new KeyValueCache(rows, {
    layers: config.numHiddenLayers,
    keyHeads: config.numKeyValueHeads,
    capacity,
    width: config.headDim,
    dtype,
    device,
  });
}
