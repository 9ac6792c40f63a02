/** Work that waits for company. */
interface Waiting<Task, Result> {
  readonly task: Task;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

export interface MicroBatcherOptions {
  /** How long a batch that is not full waits for company, at least. */
  readonly waitMs?: number;
  /** Tasks done together, at most. */
  readonly batchSize?: number;
}

/** Of the time that a batch took, how long the next waits at most for those whom it answered; and no longer than this. */
const PATIENCE = 0.25;
const MOST_PATIENCE_MS = 20;

/**
 * Does tasks that arrive together in one go. A batch waits a little for company, and after another batch until everybody
 * is there who can be expected: those who came while that one was done, and those whom it answered, who may ask again;
 * else they would be a batch of their own for ever. It waits for them a quarter of the time that the last batch took at
 * most, and 20 ms. A full batch starts at once. A failed batch fails its own tasks only.
 */
export class MicroBatcher<Task, Result> {
  readonly #run: (tasks: readonly Task[]) => Promise<readonly Result[]>;
  readonly #waitMs: number;
  readonly #batchSize: number;
  #queue: Waiting<Task, Result>[] = [];
  #busy = false;
  #timer: NodeJS.Timeout | undefined;
  /** Who may be there before the deadline. */
  #expected = 0;
  /** By the clock of `performance`. */
  #deadline = 0;

  constructor(
    run: (tasks: readonly Task[]) => Promise<readonly Result[]>,
    { waitMs = 1, batchSize = 64 }: MicroBatcherOptions = {},
  ) {
    this.#run = run;
    this.#waitMs = waitMs;
    this.#batchSize = batchSize;
  }

  /** Tasks that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Hands in a task. @returns its result, or why its batch failed. */
  submit(task: Task): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ task, resolve, reject });
      this.#plan();
    });
  }

  #plan(): void {
    if (this.#busy || this.#queue.length === 0) return;
    if (this.#queue.length >= this.#batchSize) void this.#start();
    else this.#timer ??= setTimeout(() => this.#startOrWait(), this.#waitMs);
  }

  #startOrWait(): void {
    this.#timer = undefined;
    const left = this.#deadline - performance.now();
    if (this.#queue.length >= this.#expected || left <= 0) void this.#start();
    else this.#timer = setTimeout(() => this.#startOrWait(), Math.min(left, this.#waitMs));
  }

  async #start(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#busy = true;
    const batch = this.#queue.splice(0, this.#batchSize);
    const startedAt = performance.now();
    await this.#finish(batch);
    const endedAt = performance.now();
    this.#deadline = endedAt + Math.min(PATIENCE * (endedAt - startedAt), MOST_PATIENCE_MS);
    this.#busy = false;
    this.#plan();
  }

  async #finish(batch: readonly Waiting<Task, Result>[]): Promise<void> {
    // Before anybody is answered: who asks again at once is then not counted twice.
    const settle = () => {
      this.#expected = batch.length + this.#queue.length;
    };
    try {
      const results = await this.#run(batch.map(({ task }) => task));
      settle();
      for (const [place, { resolve }] of batch.entries()) resolve(results[place]!);
    } catch (reason) {
      settle();
      for (const { reject } of batch) reject(reason);
    }
  }
}
