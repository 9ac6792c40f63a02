import { appendEvent, type EventRecord } from './run-events.ts';
import type { StoreSink } from './store/store-sink.ts';

/** Writes down what happens to a run besides its metrics: into its folder, and into the database of runs. */
export class RunJournal {
  /** The step that is being made; events belong to it. */
  step = 0;
  readonly #folder: string;
  readonly #store: Pick<StoreSink, 'event'>;
  readonly #warn: (message: string) => void;
  #hasFailed = false;

  /** @param warn - Says that the folder takes no events; called once. */
  constructor(folder: string, store: Pick<StoreSink, 'event'>, warn: (message: string) => void) {
    this.#folder = folder;
    this.#store = store;
    this.#warn = warn;
  }

  note(kind: EventRecord['kind'], name: string, message: string, step = this.step): void {
    const event = { step, time: Date.now() / 1000, kind, name, message };
    this.#store.event(event);
    try {
      appendEvent(this.#folder, event);
    } catch (error) {
      // Metrics go to the same disk, and stop the run where that is full.
      if (!this.#hasFailed) this.#warn(`events are not written down: ${(error as Error).message}`);
      this.#hasFailed = true;
    }
  }
}
