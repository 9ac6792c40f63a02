import { performance } from 'node:perf_hooks';
import type { OpenStore } from '../open-store.ts';
import { encodeBeat, encodeEvent } from './encode-event.ts';
import { type LiveCursor, readCursor, writeCursor } from './live-cursor.ts';
import { type LiveMessage, newestCursor, readChanges } from './read-changes.ts';

/** A browser that listens. */
export interface Listener {
  /** @returns false where it does not keep up, and so is let go: it comes again with its last id. */
  readonly send: (text: string) => boolean;
  readonly close: () => void;
}

export interface LiveFeedOptions {
  readonly version: string;
  /** Between looks at the database. */
  readonly pollMs?: number;
  /** Between signs of life. */
  readonly beatMs?: number;
}

/**
 * Tells browsers what changes in the run store. One look at the database serves them all, and without listeners there is none.
 * Ids are the store's own cursors, so that another server process goes on where this one ended.
 */
export class LiveFeed {
  readonly #store: OpenStore;
  readonly #options: Required<LiveFeedOptions>;
  readonly #listeners = new Set<Listener>();
  #cursor: LiveCursor | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastBeat = 0;
  #complaint = '';

  constructor(store: OpenStore, { version, pollMs = 500, beatMs = 15_000 }: LiveFeedOptions) {
    this.#store = store;
    this.#options = { version, pollMs, beatMs };
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  /**
   * Starts to tell a listener, first what it missed since an earlier connection.
   * @param lastId - The last id that it was sent.
   * @returns what ends it.
   */
  subscribe(listener: Listener, lastId?: string): () => void {
    this.#look();
    const now = this.#cursor ?? newestCursor(this.#store);
    this.#cursor = now;
    const last = readCursor(lastId);
    const resumed =
      last !== undefined && last.database === now.database && last.change <= now.change;
    const missed = resumed ? readChanges(this.#store, last) : undefined;
    const hello: LiveMessage = {
      name: 'hello',
      data: { version: this.#options.version, resumed },
    };
    listener.send(encode([hello, ...(missed?.messages ?? [])], now));
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => this.#look(), this.#options.pollMs);
    return () => this.#remove(listener);
  }

  /** Lets every listener go. */
  close(): void {
    for (const listener of [...this.#listeners]) {
      this.#remove(listener);
      listener.close();
    }
  }

  #remove(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#cursor = undefined;
  }

  /** What cannot be read now, such as a folder that is just being deleted, is looked at again next time. */
  #look(): void {
    try {
      this.#store.refresh();
      this.#tellChanges();
      this.#complaint = '';
    } catch (error) {
      this.#complain(error);
    }
    const now = performance.now();
    if (now - this.#lastBeat < this.#options.beatMs) return;
    this.#lastBeat = now;
    this.#tell(encodeBeat());
  }

  /** Said in the server's terminal, once while it lasts. */
  #complain(error: unknown): void {
    const complaint = error instanceof Error ? error.message : String(error);
    if (complaint !== this.#complaint)
      console.error(`The run store cannot be read, trying again: ${complaint}`);
    this.#complaint = complaint;
  }

  #tellChanges(): void {
    if (this.#cursor === undefined) return;
    if (this.#store.identity !== this.#cursor.database) {
      // A repair made another database: numbers of runs are others too.
      this.#cursor = newestCursor(this.#store);
      const { version } = this.#options;
      this.#tell(encode([{ name: 'hello', data: { version, resumed: false } }], this.#cursor));
      return;
    }
    const changes = readChanges(this.#store, this.#cursor);
    if (changes === undefined) return;
    this.#cursor = changes.cursor;
    this.#tell(encode(changes.messages, changes.cursor));
  }

  #tell(text: string): void {
    for (const listener of [...this.#listeners]) {
      if (listener.send(text)) continue;
      this.#remove(listener);
      listener.close();
    }
  }
}

/** Only the last of several carries the id: a connection that breaks between them has all of them sent again. */
function encode(messages: readonly LiveMessage[], cursor: LiveCursor): string {
  return messages
    .map(({ name, data }, index) =>
      encodeEvent(name, data, index === messages.length - 1 ? writeCursor(cursor) : undefined),
    )
    .join('');
}
