/** Work that waits for company. */
interface Waiting<Task, Result> {
  readonly task: Task;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

export interface MicroBatcherOptions {
  /** How long a task that finds nothing under way waits for others. */
  readonly waitMs?: number;
  /** Tasks done together, at most. */
  readonly batchSize?: number;
}

/**
 * Does tasks that arrive together in one go. A task that comes while others are done joins the next batch, which starts
 * as soon as these are through; one that finds nothing under way waits a little first. A failed batch fails its own
 * tasks only.
 */
export class MicroBatcher<Task, Result> {
  readonly #run: (tasks: readonly Task[]) => Promise<readonly Result[]>;
  readonly #waitMs: number;
  readonly #batchSize: number;
  #queue: Waiting<Task, Result>[] = [];
  #busy = false;
  #timer: NodeJS.Timeout | undefined;

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
    if (this.#queue.length >= this.#batchSize) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), this.#waitMs);
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, this.#batchSize);
      this.#queue = this.#queue.slice(this.#batchSize);
      await this.#finish(batch);
    }
    this.#busy = false;
  }

  async #finish(batch: readonly Waiting<Task, Result>[]): Promise<void> {
    try {
      const results = await this.#run(batch.map(({ task }) => task));
      for (const [place, { resolve }] of batch.entries()) resolve(results[place]!);
    } catch (reason) {
      for (const { reject } of batch) reject(reason);
    }
  }
}
