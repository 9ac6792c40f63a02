import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { nearestName } from '../../config/index.ts';
import { ConfigError } from '../../errors.ts';
import { lockRun } from '../run-lock.ts';
import { type Attempt, isRunFolder } from '../run-record.ts';
import { readAnnotations, writeAnnotations } from './annotations.ts';
import { catchUp } from './catch-up.ts';
import { checkAnnotations } from './check-annotations.ts';
import type { Database } from './database.ts';
import { folderProblem } from './folder-problem.ts';
import { indexRun, standingOf } from './index-run.ts';
import { memoryDatabase, openDatabase } from './open-database.ts';
import { putDamagedAside } from './put-damaged-aside.ts';
import { readEventsAfter, readLines } from './read-lines.ts';
import { readRuns } from './read-runs.ts';
import { readSeries } from './read-series.ts';
import { passes } from './run-filter.ts';
import { runFolders } from './run-folders.ts';
import { RunIndex, type RunStanding } from './run-index.ts';
import type {
  MetricsLine,
  RunAnnotations,
  RunChanges,
  RunEvent,
  RunFilter,
  Series,
  SeriesRequest,
  StoredRun,
} from './stored-run.ts';

/** What a repair did. */
export interface Repair {
  /** Runs entered from their folders. */
  readonly runs: number;
  /** Folders that could not be read, and why. */
  readonly problems: readonly string[];
  /** Where a damaged database was put; undefined where there was none. */
  readonly aside: string | undefined;
}

/**
 * The runs of a root: an index of its run folders, which stay the truth. Readers and trainers of several processes may use it
 * at once.
 */
export class RunStore {
  readonly root: string;
  readonly #database: Database;
  readonly #index: RunIndex;
  readonly #access: 'write' | 'read';
  #problems: readonly string[] = [];

  private constructor(root: string, database: Database, access: 'write' | 'read') {
    this.root = root;
    this.#database = database;
    this.#index = new RunIndex(database);
    this.#access = access;
  }

  /**
   * Opens the database of a root, making it where there is none, and enters run folders that it does not know.
   * @throws StoreError where it is damaged, of a newer version, or cannot be opened.
   */
  static open(root: string, { readOnly = false }: { readonly readOnly?: boolean } = {}): RunStore {
    if (!readOnly) mkdirSync(root, { recursive: true });
    const store = new RunStore(root, openDatabase(root, { readOnly }), readOnly ? 'read' : 'write');
    if (!readOnly) store.refresh();
    return store;
  }

  /** The runs of a root read from their folders alone; nothing is written to disk. */
  static fromFolders(root: string): RunStore {
    const store = new RunStore(root, memoryDatabase(), 'write');
    store.refresh();
    return store;
  }

  /**
   * Enters every run of a root anew from its folder, into a new database where the one there is damaged.
   * @throws StoreError where the database is of a newer version, or cannot be written.
   */
  static repair(root: string): Repair {
    mkdirSync(root, { recursive: true });
    const aside = putDamagedAside(root);
    const store = new RunStore(root, openDatabase(root), 'write');
    try {
      const folders = runFolders(root);
      const problems = folders.flatMap((folder) => store.#enter(folder));
      store.refresh();
      return { runs: folders.length - problems.length, problems, aside };
    } finally {
      store.close();
    }
  }

  /** Run folders that are left out since they cannot be read, and why. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  close(): void {
    // The driver closes when its statements are collected, and only then would SQLite do this itself.
    if (this.#access === 'write') this.#database.checkpoint();
    this.#database.close();
  }

  /** Enters run folders that are new here, and drops runs whose folders are gone; what cannot be read is in {@link problems}. */
  refresh(): void {
    const known = new Map(
      this.#database.all('SELECT folder, id FROM runs').map(([name, id]) => [name, Number(id)]),
    );
    const folders = runFolders(this.root);
    const present = new Set(folders.map((folder) => basename(folder)));
    const gone = [...known].flatMap(([name, id]) => (present.has(String(name)) ? [] : [id]));
    if (gone.length > 0)
      this.#index.write(() => {
        for (const id of gone) this.#index.remove(id);
      });
    this.#problems = folders
      .filter((folder) => !known.has(basename(folder)))
      .flatMap((folder) => this.#enter(folder, enterNew));
  }

  /** Every run that passes, newest first. */
  runs(filter: RunFilter = {}): StoredRun[] {
    return readRuns(this.#database, this.root, { standings: this.#settle() }).filter((run) =>
      passes(run, filter),
    );
  }

  /**
   * One run, by number, folder or name.
   * @throws ConfigError where several have that name.
   */
  run(idOrName: number | string): StoredRun | undefined {
    const id = this.#find(idOrName);
    if (id === undefined) return undefined;
    return readRuns(this.#database, this.root, { id, standings: this.#settle() })[0];
  }

  /** @throws ConfigError with the nearest name where there is no such run. */
  get(idOrName: number | string): StoredRun {
    const run = this.run(idOrName);
    if (run !== undefined) return run;
    const names = this.#database.all('SELECT name FROM runs').map(([name]) => String(name));
    const nearest = nearestName(String(idOrName), names);
    const hint =
      nearest === undefined
        ? `it has ${names.slice(0, 10).join(', ') || 'none'}${names.length > 10 ? ' …' : ''}`
        : `did you mean ${nearest}?`;
    throw new ConfigError(`${this.root}: has no run ${JSON.stringify(idOrName)}; ${hint}`);
  }

  /** The attempts of a run, first to last, as its folder's record had them. */
  attempts(runId: number): Attempt[] {
    const rows = this.#database.all(
      'SELECT record FROM attempts WHERE run_id = ? ORDER BY number',
      runId,
    );
    return rows.map(([record]) => JSON.parse(String(record)) as Attempt);
  }

  /** The keys that a run logged, by name. */
  metricKeys(runId: number): string[] {
    const rows = this.#database.all(
      'SELECT name FROM run_keys JOIN metric_keys ON id = key_id WHERE run_id = ? ORDER BY name',
      runId,
    );
    return rows.map(([name]) => String(name));
  }

  /** Points of a run's metrics, down-sampled. */
  series(runId: number, request: SeriesRequest): Series[] {
    return readSeries(this.#database, runId, request);
  }

  /**
   * The lines that a run logged after a cursor, in order of steps; all of them from cursor 0. Trainers go on writing
   * meanwhile: one who follows a run reads up to the cursor that he goes on from, and sees no line twice.
   */
  lines(runId: number, after = 0, upTo = Number.MAX_SAFE_INTEGER): MetricsLine[] {
    return readLines(this.#database, runId, after, upTo);
  }

  /** What happened to a run, after one of its events where that is given. */
  events(runId: number, afterId = 0): RunEvent[] {
    return readEventsAfter(this.#database, runId, afterId);
  }

  /** Number of the newest event of any run; 0 where there is none. */
  lastEventId(): number {
    return Number(this.#database.get('SELECT max(id) FROM events')![0] ?? 0);
  }

  /** What changed after a cursor that this gave before, or, from 0, everything there is. */
  changedSince(cursor: number): RunChanges {
    this.#settle();
    const idsOf = (sql: string) => this.#database.all(sql, cursor).map(([id]) => Number(id));
    return {
      cursor: Number(this.#database.get('SELECT value FROM sequence')![0]),
      runIds: idsOf('SELECT id FROM runs WHERE changed > ? ORDER BY id'),
      deletedIds: idsOf('SELECT run_id FROM deletions WHERE changed > ? ORDER BY run_id'),
    };
  }

  /**
   * Writes what a person says of a run, into its folder too, from which a repair takes it.
   * @throws ConfigError for text that does not fit.
   */
  annotate(runId: number, annotations: RunAnnotations): void {
    checkAnnotations(annotations);
    writeAnnotations(this.#folderOf(runId), annotations);
    this.#index.write(() => this.#index.annotate(runId, annotations));
  }

  /**
   * Deletes a run, its folder first.
   * @throws RunInUseError while a process writes it.
   */
  delete(runId: number): void {
    const folder = this.#folderOf(runId);
    const lock = lockRun(folder);
    try {
      rmSync(folder, { recursive: true, force: true });
    } finally {
      lock.release();
    }
    this.#index.write(() => this.#index.remove(runId));
  }

  #folderOf(runId: number): string {
    const [name] = this.#database.get('SELECT folder FROM runs WHERE id = ?', runId) ?? [];
    if (name === undefined) throw new ConfigError(`${this.root}: has no run number ${runId}`);
    return join(this.root, String(name));
  }

  #find(idOrName: number | string): number | undefined {
    const ids = (sql: string) => this.#database.all(sql, idOrName).map(([id]) => Number(id));
    if (typeof idOrName === 'number') return ids('SELECT id FROM runs WHERE id = ?')[0];
    const [byFolder] = ids('SELECT id FROM runs WHERE folder = ?');
    if (byFolder !== undefined) return byFolder;
    const named = ids('SELECT id FROM runs WHERE name = ?');
    if (named.length > 1)
      throw new ConfigError(
        `${this.root}: has ${named.length} runs called ${idOrName}; say which by number (${named.join(', ')}) or folder`,
      );
    if (named.length === 1) return named[0];
    return /^\d+$/.test(idOrName) ? this.#find(Number(idOrName)) : undefined;
  }

  /** @returns the problem, where the folder cannot be read. */
  #enter(folder: string, enter = indexRun): string[] {
    try {
      enter(this.#index, folder);
      return [];
    } catch (error) {
      return [folderProblem(folder, error)];
    }
  }

  /**
   * Catches up with runs that the database holds for running and that no process writes any more.
   * @returns how those stand that could not be entered.
   */
  #settle(): Map<number, RunStanding> {
    const standings = new Map<number, RunStanding>();
    const rows = this.#database.all(
      `SELECT id, folder, step, updated_at FROM runs WHERE state = 'running'`,
    );
    for (const [id, name, step, updatedAt] of rows) {
      const folder = join(this.root, String(name));
      const standing = this.#standingOf(folder);
      if (standing === undefined || standing.state === 'running' || this.#catchUp(folder)) continue;
      standings.set(Number(id), {
        ...standing,
        step: Math.max(standing.step, Number(step)),
        updatedAt: standing.endedAt ?? String(updatedAt),
      });
    }
    return standings;
  }

  /** @returns undefined where the folder is gone or its record cannot be read: the run stands as it was. */
  #standingOf(folder: string): RunStanding | undefined {
    try {
      return isRunFolder(folder) ? standingOf(folder) : undefined;
    } catch (error) {
      folderProblem(folder, error);
      return undefined;
    }
  }

  /** A reader that cannot write, now or at all, still tells it right, and another one will note it. */
  #catchUp(folder: string): boolean {
    if (this.#access === 'read') return false;
    try {
      catchUp(this.#index, folder);
      return true;
    } catch {
      return false;
    }
  }
}

/** Enters a run that was not there; its trainer may do so at the same time, and loses nothing. */
function enterNew(index: RunIndex, folder: string): number {
  const annotations = readAnnotations(folder);
  const id = catchUp(index, folder);
  index.write(() => index.annotate(id, annotations));
  return id;
}
