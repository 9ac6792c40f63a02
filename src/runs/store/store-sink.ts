import { statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { MetricsEntry, MetricsSink } from '../../metrics/metrics-sink.ts';
import type { EventRecord } from '../run-events.ts';
import type { Run } from '../run-folder.ts';
import { catchUp } from './catch-up.ts';
import { type Database, sqliteCode } from './database.ts';
import { standingOf } from './index-run.ts';
import { databaseName, openDatabase } from './open-database.ts';
import { type IndexedLine, RunIndex } from './run-index.ts';
import { StoreError } from './store-error.ts';
import { trainingClock } from './training-clock.ts';

/** Lines are entered together, so often: what a reader sees lags by no more. */
const FLUSH_MS = 1000;
/** How long to wait for another process that writes: while steps are made, and where none waits. */
const BUSY_MS = { betweenSteps: 20, outsideSteps: 2000 } as const;
/** Lines that wait while another process writes; with more of them the run goes on without the database. */
const MOST_WAITING = 1000;

interface Connection {
  readonly database: Database;
  readonly index: RunIndex;
  readonly runId: number;
  readonly inode: number;
}

/**
 * Enters a run in the database beside its folder while it is written. The database is a convenience: where it cannot be
 * written, the run is told so once and goes on; its folder has everything, and a checkpoint tries again.
 */
export class StoreSink implements MetricsSink {
  readonly #run: Run;
  readonly #warn: (message: string) => void;
  readonly #file: string;
  #connection: Connection | undefined;
  #lines: IndexedLine[] = [];
  #events: EventRecord[] = [];
  #clock: (time: number) => number = () => 0;
  #tokens = 0;
  #flushedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #hasWarned = false;
  /** Whether what the database held from before this attempt has been put in order. */
  #isEntered = false;

  constructor(run: Run, { warn }: { readonly warn: (message: string) => void }) {
    this.#run = run;
    this.#warn = warn;
    this.#file = join(dirname(resolve(run.folder)), databaseName);
  }

  /** Enters the run, or what its resumed attempt starts from. */
  open(): void {
    this.#connect();
  }

  write(entry: MetricsEntry): void {
    if (this.#connection === undefined) return;
    this.#tokens = Math.max(this.#tokens, entry.metrics.num_tokens ?? 0);
    this.#lines.push({ ...entry, elapsed: this.#clock(entry.time), tokens: this.#tokens });
    this.#flushSoon();
  }

  /** Enters what happened to the run. */
  event(event: EventRecord): void {
    if (this.#connection === undefined) return;
    this.#events.push(event);
    this.#flushSoon();
  }

  /** Called before a checkpoint: enters what waits, and tries again where the database could not be written or is gone. */
  sync(): void {
    if (this.#connection !== undefined && this.#connection.inode !== inodeOf(this.#file))
      this.#disconnect();
    if (this.#connection === undefined) this.#connect();
    else this.#flush();
  }

  /** Enters how the run ended; call it when its folder says so. */
  end(): void {
    this.#patiently(({ index, runId }) => {
      this.#enterWaiting();
      const { folder, record } = this.#run;
      index.write(() => {
        index.putAttempts(runId, record.attempts);
        index.sumUp(runId);
        index.setStanding(runId, standingOf(folder, record));
      });
    });
  }

  close(): void {
    this.#patiently(({ database }) => {
      this.#enterWaiting();
      database.checkpoint();
    });
    this.#disconnect();
  }

  #connect(): void {
    try {
      this.#connection = this.#open();
    } catch (error) {
      this.#lose(error);
    }
  }

  #open(): Connection {
    const { folder, record } = this.#run;
    const { betweenSteps, outsideSteps } = BUSY_MS;
    const database = openDatabase(dirname(this.#file), { busyTimeoutMs: outsideSteps });
    try {
      const index = new RunIndex(database);
      const attempt = record.attempts.at(-1)!;
      if (!this.#isEntered) index.makeRoom(basename(resolve(folder)), record);
      this.#isEntered = true;
      const runId = catchUp(index, folder);
      const { elapsed, tokens } = index.extent(runId);
      this.#clock = trainingClock([Date.parse(attempt.startedAt) / 1000], elapsed);
      this.#tokens = tokens;
      database.setBusyTimeout(betweenSteps);
      return { database, index, runId, inode: inodeOf(this.#file) };
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Enters what waits, at once where the last time was long enough ago. */
  #flushSoon(): void {
    const wait = this.#flushedAt + FLUSH_MS - performance.now();
    if (wait <= 0) this.#flush();
    else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#flush(), wait);
      this.#timer.unref();
    }
  }

  /** Where a reader or a repair has put another database in its place, the run is entered there. */
  #flush(): void {
    const inode = inodeOf(this.#file);
    if (inode === NO_FILE || inode === this.#connection?.inode) {
      this.#attempt(() => this.#enterWaiting());
      return;
    }
    this.#disconnect();
    this.#connect();
    this.#flushedAt = performance.now();
  }

  #enterWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushedAt = performance.now();
    if (this.#lines.length + this.#events.length === 0) return;
    const { index, runId } = this.#connection!;
    index.write(() => {
      index.putLines(runId, this.#lines);
      for (const event of this.#events) index.putEvent(runId, event);
    });
    this.#lines = [];
    this.#events = [];
  }

  /** Work for which no step waits. */
  #patiently(work: (connection: Connection) => void): void {
    this.#attempt((connection) => {
      connection.database.setBusyTimeout(BUSY_MS.outsideSteps);
      work(connection);
    });
  }

  #attempt(work: (connection: Connection) => void): void {
    if (this.#connection === undefined) return;
    try {
      work(this.#connection);
    } catch (error) {
      const isBusy = sqliteCode(error) === 'SQLITE_BUSY';
      if (isBusy && this.#lines.length < MOST_WAITING) this.#flushSoon();
      else this.#lose(error);
    }
  }

  /** Whatever the reason: a run does not end because of its index. */
  #lose(error: unknown): void {
    this.#disconnect();
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const { message } = StoreError.from(this.#file, error);
    this.#warn(
      `${message}; the run goes on, its folder has everything, and laurel runs repair enters it`,
    );
  }

  #disconnect(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lines = [];
    this.#events = [];
    this.#connection?.database.close();
    this.#connection = undefined;
  }
}

const NO_FILE = -1;

/** Tells a database from another one of its name. */
const inodeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.ino ?? NO_FILE;
