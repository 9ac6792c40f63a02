import { existsSync } from 'node:fs';
import { digestFolder, digestPass, type MailSettings } from '../../digest/index.ts';

/** A pass that failed, a full disk say, is tried again after this. */
const AFTER_FAILURE_MS = 60_000;
const SHORTEST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 3_600_000;

/** Sends in the background what waits in a root's outbox, for as long as the server runs. */
export class MailSender {
  readonly #root: string;
  readonly #settings: MailSettings;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #isWanted = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(root: string, settings: MailSettings) {
    this.#root = root;
    this.#settings = settings;
    if (existsSync(digestFolder(root))) this.wake();
  }

  /** Looks at the outbox now, or again after the pass that is on its way. */
  wake(): void {
    this.#isWanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#isWanted && !this.#stop.signal.aborted) this.wake();
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#isWanted = false;
    clearTimeout(this.#timer);
    const next = await this.#pass();
    if (next === undefined || this.#stop.signal.aborted) return;
    const wait = Math.min(Math.max(next, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
    this.#timer = setTimeout(() => this.wake(), wait).unref();
  }

  /** @returns after how long there is something to do again, ms; undefined for never. */
  async #pass(): Promise<number | undefined> {
    const { signal } = this.#stop;
    try {
      const { nextAttempt } = await digestPass({
        root: this.#root,
        settings: this.#settings,
        choose: () => [],
        signal,
        onEvent: ({ outcome, kind, answer }) => {
          if (outcome !== 'accepted') console.error(`a ${kind} did not leave: ${answer}`);
        },
      });
      return nextAttempt && nextAttempt.getTime() - Date.now();
    } catch (error) {
      console.error(`mails are not sent: ${(error as Error).message}`);
      return AFTER_FAILURE_MS;
    }
  }
}
