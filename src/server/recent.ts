/** Keeps what was made last under each key, up to a number of entries; the one unused for longest goes first. */
export class Recent<Value> {
  readonly #most: number;
  readonly #entries = new Map<string, Value>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string, make: () => Value): Value {
    const known = this.#entries.has(key) ? this.#entries.get(key)! : make();
    this.#entries.delete(key);
    this.#entries.set(key, known);
    if (this.#entries.size > this.#most) this.#entries.delete(this.#entries.keys().next().value!);
    return known;
  }

  /** As {@link get} for what takes time; a failure is not kept. */
  static async settled<Result>(
    recent: Recent<Promise<Result>>,
    key: string,
    make: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await recent.get(key, make);
    } catch (error) {
      recent.delete(key);
      throw error;
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
