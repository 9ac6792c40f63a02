import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from '../errors.ts';
import type { RolloutGroup } from '../types.ts';
import { describeError } from './call.ts';
import { ModuleProcess } from './module-process.ts';
import type { FromChild, RewardForm } from './module-reward-protocol.ts';
import type { Attempt, AttemptOptions, MissingKind, Reward } from './types.ts';

export interface ModuleRewardOptions {
  /** What relative paths are relative to. */
  readonly baseDirectory?: string;
  /** Heap of the child process; with buffers outside the heap it may take 256 MB more. */
  readonly memoryLimitMb?: number;
  /** How long the module may take to import. */
  readonly startTimeoutMs?: number;
}

/** One group, or one completion of it, on its way through the child. */
interface Job {
  /** The call of `attempt` it belongs to. */
  readonly request: object;
  readonly group: RolloutGroup;
  readonly indexes: readonly number[];
  readonly timeoutMs: number;
  /** Alone in the child, after it died with several jobs in it, to find the one that kills. */
  readonly alone: boolean;
  finish(attempts: readonly Attempt[]): void;
}

const CONCURRENT_JOBS = 8;
/** Past a call's own time limit, how long the child's silence is borne before it is killed. */
const SILENCE_GRACE_MS = 1000;

/**
 * A reward that lives in a module, `./reward.ts#accuracy`, and runs in a child process with a memory limit.
 * Its export is what an inline reward would be; without `#name` the default export is taken.
 * @throws ConfigError where the module can't be loaded or exports no reward.
 */
export async function moduleReward(
  specifier: string,
  {
    baseDirectory = process.cwd(),
    memoryLimitMb = 512,
    startTimeoutMs = 30_000,
  }: ModuleRewardOptions = {},
): Promise<ModuleReward> {
  const hash = specifier.lastIndexOf('#');
  const path = hash < 0 ? specifier : specifier.slice(0, hash);
  const exportName = hash < 0 ? 'default' : specifier.slice(hash + 1);
  const file = resolve(baseDirectory, path);
  if (!existsSync(file)) throw new ConfigError(`reward "${specifier}": no file ${file}`);
  const reward = new ModuleReward({ specifier, file, exportName, memoryLimitMb, startTimeoutMs });
  await reward.start();
  return reward;
}

interface ModuleLocation extends Required<Omit<ModuleRewardOptions, 'baseDirectory'>> {
  readonly specifier: string;
  readonly file: string;
  readonly exportName: string;
}

/** A reward in a child process, killed and restarted when it hangs or dies. Close it, or let the process exit. */
export class ModuleReward implements Reward {
  readonly #location: ModuleLocation;
  #name: string;
  #form: RewardForm = 'completion';
  #process: ModuleProcess | undefined;
  /** Loaded and not being killed: may be sent work. */
  #ready = false;
  #loaded = false;
  #closed = false;
  #nextId = 0;
  #queue: Job[] = [];
  readonly #running = new Map<number, Job>();
  #watchdog: NodeJS.Timeout | undefined;
  #killReason: { kind: MissingKind; message: string } | undefined;
  #onStarted: (error?: Error) => void = () => {};

  constructor(location: ModuleLocation) {
    this.#location = location;
    this.#name = location.exportName;
  }

  get name(): string {
    return this.#name;
  }

  /** Loads the module for the first time; `moduleReward` has done so. */
  async start(): Promise<void> {
    try {
      await new Promise<void>((done, fail) => {
        this.#onStarted = (error) => (error ? fail(error) : done());
        this.#launch();
        this.#process?.work();
      });
      this.#process?.rest();
    } catch (error) {
      this.close();
      throw new ConfigError(`reward "${this.#location.specifier}": ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  /** As `attempt`, values only. */
  readonly score: Reward['score'] = async (group, { signal }) => {
    const attempts = await this.attempt(group, { timeoutMs: 30_000, signal, capabilities: {} });
    return attempts.map(({ value }) => value);
  };

  /** Scores a group in the child; capabilities of this process are not available there. */
  attempt(group: RolloutGroup, options: AttemptOptions): Promise<readonly Attempt[]> {
    const { timeoutMs, signal } = options;
    const indexes = options.indexes ?? group.rollouts.map((_, index) => index);
    if (this.#closed) return Promise.resolve(failAll(indexes, 'crashed', 'the reward was closed'));
    return new Promise((finished) => {
      const request = {};
      const stop = () => this.#abandon(request);
      const finish = (attempts: readonly Attempt[]) => {
        signal.removeEventListener('abort', stop);
        finished(attempts);
      };
      signal.addEventListener('abort', stop);
      this.#queue.push({ request, group: slim(group), indexes, timeoutMs, alone: false, finish });
      if (signal.aborted) stop();
      else this.#pump();
    });
  }

  /** Ends the child process; unfinished work is missing. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#watchdog);
    const jobs = [...this.#running.values(), ...this.#queue];
    this.#running.clear();
    this.#queue = [];
    this.#process?.kill();
    for (const { indexes, finish } of jobs) {
      finish(failAll(indexes, 'crashed', 'the reward was closed'));
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #launch(): void {
    const { file, exportName, memoryLimitMb, startTimeoutMs } = this.#location;
    this.#loaded = false;
    this.#killReason = undefined;
    const started = new ModuleProcess({
      memoryLimitMb,
      onMessage: (message) => this.#process === started && this.#receive(message),
      onExit: (reason) => this.#process === started && this.#ended(reason),
    });
    this.#process = started;
    started.send({ type: 'load', file, exportName });
    this.#watch(startTimeoutMs, 'timeout', `importing it took more than ${startTimeoutMs} ms`);
  }

  #pump(): void {
    if (this.#closed || this.#queue.length === 0) return;
    if (!this.#process) this.#launch();
    this.#process?.work();
    while (this.#ready && this.#queue.length > 0 && this.#hasRoom()) {
      this.#dispatch(this.#queue.shift() as Job);
    }
  }

  #hasRoom(): boolean {
    const runningAlone = [...this.#running.values()].some(({ alone }) => alone);
    const limit = runningAlone || this.#queue[0]?.alone ? 1 : CONCURRENT_JOBS;
    return this.#running.size < limit;
  }

  #dispatch(job: Job): void {
    const { group, indexes, timeoutMs } = job;
    const id = this.#nextId++;
    this.#running.set(id, job);
    try {
      this.#process?.send({ type: 'score', id, group, indexes, timeoutMs });
    } catch (error) {
      this.#running.delete(id);
      job.finish(failAll(indexes, 'threw', describeError(error)));
    }
    this.#watchWork();
  }

  #receive(message: FromChild): void {
    if (message.type === 'ready') {
      this.#name = message.name;
      this.#form = message.form;
      this.#ready = true;
      this.#loaded = true;
      this.#onStarted();
    } else if (message.type === 'refused') {
      this.#kill('crashed', message.message);
    } else if (message.type === 'scored') {
      const job = this.#running.get(message.id);
      // Not of this number: a module's own message that happens to look like one of ours.
      if (job !== undefined && job.indexes.length === message.attempts.length) {
        this.#running.delete(message.id);
        job.finish(message.attempts);
      }
    }
    this.#watchWork();
    this.#pump();
    if (this.#running.size === 0 && this.#queue.length === 0) this.#process?.rest();
  }

  /** The child is heard from at least this often while it works: a longer silence than the limit is a hang. */
  #watchWork(): void {
    if (this.#running.size === 0) {
      if (this.#loaded) clearTimeout(this.#watchdog);
      return;
    }
    const timeoutMs = Math.max(...[...this.#running.values()].map((job) => job.timeoutMs));
    this.#watch(timeoutMs + SILENCE_GRACE_MS, 'timeout', `no value after ${timeoutMs} ms`);
  }

  #watch(delayMs: number, kind: MissingKind, message: string): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#kill(kind, message), delayMs);
  }

  #kill(kind: MissingKind, message: string): void {
    this.#ready = false;
    this.#killReason = { kind, message };
    this.#process?.kill();
  }

  /** The child is gone: what it took down is found by running the suspects alone in the next one. */
  #ended(exitReason: string): void {
    clearTimeout(this.#watchdog);
    const { kind, message } = this.#killReason ?? {
      kind: 'crashed' as const,
      message: exitReason,
    };
    const lost = this.#loaded ? [] : this.#queue.splice(0);
    this.#process = undefined;
    this.#ready = false;
    this.#onStarted(new Error(message));
    const suspects = [...this.#running.values()];
    this.#running.clear();
    for (const { indexes, finish } of lost) finish(failAll(indexes, kind, message));
    if (suspects.length === 1 && this.#isIndivisible(suspects[0] as Job)) {
      const { indexes, finish } = suspects[0] as Job;
      finish(failAll(indexes, kind, message));
    } else {
      this.#queue.unshift(...suspects.flatMap((job) => this.#split(job)));
    }
    this.#pump();
  }

  #isIndivisible({ indexes }: Job): boolean {
    return this.#form === 'group' || indexes.length === 1;
  }

  #split(job: Job): Job[] {
    if (this.#isIndivisible(job)) return [{ ...job, alone: true }];
    const parts: (readonly Attempt[])[] = [];
    let left = job.indexes.length;
    return job.indexes.map((index, i) => ({
      ...job,
      indexes: [index],
      alone: true,
      finish: (attempts) => {
        parts[i] = attempts;
        left -= 1;
        if (left === 0) job.finish(parts.flat());
      },
    }));
  }

  /** The run stops: a child with this request inside it is of no more use. */
  #abandon(request: object): void {
    const running = [...this.#running].filter(([, job]) => job.request === request);
    const queued = this.#queue.filter((job) => job.request === request);
    this.#queue = this.#queue.filter((job) => job.request !== request);
    for (const [id] of running) this.#running.delete(id);
    if (running.length > 0) this.#kill('timeout', 'the run was stopped');
    for (const { indexes, finish } of [...running.map(([, job]) => job), ...queued]) {
      finish(failAll(indexes, 'timeout', 'the run was stopped'));
    }
  }
}

function failAll(indexes: readonly number[], missing: MissingKind, message: string): Attempt[] {
  return indexes.map(() => ({ value: null, missing, message, metrics: [] }));
}

/** Without the kept sets, which are large and of no use to a reward. */
function slim(group: RolloutGroup): RolloutGroup {
  return {
    ...group,
    rollouts: group.rollouts.map(({ keptTokens: _, ...rollout }) => rollout),
  };
}
