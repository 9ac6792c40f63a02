import type { MetricsEntry } from '../../metrics/metrics-sink.ts';
import type { Attempt, RunRecord } from '../run-record.ts';
import type { Database } from './database.ts';
import type { RunAnnotations, RunEvent, RunState } from './stored-run.ts';

/** What a run is entered with; the same folder again updates it. */
export interface RunEntry {
  /** Name of the folder below the root. */
  readonly folder: string;
  readonly trainer: string;
  readonly state: RunState;
  readonly reason: string | null;
  readonly step: number;
  readonly totalSteps: number | null;
  readonly seed: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly endedAt: string | null;
  readonly parent: string | null;
  readonly paper: string | null;
  readonly recipe: string | null;
  /** Null where the options do not tell. */
  readonly completionsPerStep: number | null;
}

/** A line of metrics with its place on the other axes. */
export interface IndexedLine extends MetricsEntry {
  /** Seconds of training so far. */
  readonly elapsed: number;
  /** Tokens seen so far. */
  readonly tokens: number;
}

/** How a run stands. */
export interface RunStanding {
  readonly state: RunState;
  readonly reason: string | null;
  readonly step: number;
  readonly updatedAt: string;
  readonly endedAt: string | null;
}

/** Points that are summed up in one block: those of a small one, and those of one made of 16 small ones. */
export const BLOCK_SIZES = [16, 256] as const;

/** Lines after which blocks are made of what has gathered. */
const LINES_BETWEEN_BLOCKS = 64;

/** How far the database has a run. */
export interface RunExtent {
  /** Steps that have a line. */
  readonly lines: number;
  readonly events: number;
  /** −1 before the first. */
  readonly lastStep: number;
  /** Seconds of training, and tokens, at the last step. */
  readonly elapsed: number;
  readonly tokens: number;
}

/** Rows of points in one statement. */
const MOST_ROWS = 50;

/** ?1 run, ?2 key, ?3 points in a block. */
const smallBlock = `
  INSERT INTO blocks SELECT ?1, ?2, ?3, min(step), max(step), min(value), max(value), avg(value) FROM (
    SELECT step, value FROM points WHERE run_id = ?1 AND key_id = ?2 AND value IS NOT NULL AND step > coalesce(
      (SELECT last_step FROM blocks WHERE run_id = ?1 AND key_id = ?2 AND size = ?3 ORDER BY first_step DESC LIMIT 1), -1)
    ORDER BY step LIMIT ?3)
  HAVING count(*) = ?3`;

/** ?1 run, ?2 key, ?3 points in a small block, ?4 points in a block. */
const largeBlock = `
  INSERT INTO blocks SELECT ?1, ?2, ?4, min(first_step), max(last_step), min(lowest), max(highest), avg(mean) FROM (
    SELECT * FROM blocks WHERE run_id = ?1 AND key_id = ?2 AND size = ?3 AND first_step > coalesce(
      (SELECT last_step FROM blocks WHERE run_id = ?1 AND key_id = ?2 AND size = ?4 ORDER BY first_step DESC LIMIT 1), -1)
    ORDER BY first_step LIMIT ?4 / ?3)
  HAVING count(*) = ?4 / ?3`;

const finite = (value: number | null | undefined): number | null =>
  value !== undefined && value !== null && Number.isFinite(value) ? value : null;

/** Writes runs into the database. Call its methods within {@link RunIndex.write}. */
export class RunIndex {
  readonly #database: Database;
  #keyIds = new Map<string, number>();
  /** Keys that a run is known to have, as `run:key`. */
  #runKeys = new Set<string>();
  #linesSinceBlocks = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Everything that `work` writes, or nothing. */
  write<Result>(work: () => Result): Result {
    try {
      return this.#database.transaction(work);
    } catch (error) {
      // Keys that were entered in it are gone again.
      this.#keyIds = new Map();
      this.#runKeys = new Set();
      throw error;
    }
  }

  /** Enters a run, or what changed of it. @returns its id. */
  putRun(entry: RunEntry): number {
    const columns = {
      trainer: entry.trainer,
      state: entry.state,
      reason: entry.reason,
      step: entry.step,
      total_steps: entry.totalSteps,
      seed: entry.seed,
      created_at: entry.createdAt,
      updated_at: entry.updatedAt,
      ended_at: entry.endedAt,
      parent: entry.parent,
      paper: entry.paper,
      recipe: entry.recipe,
      completions_per_step: entry.completionsPerStep,
      changed: this.#nextChange(),
    };
    const names = Object.keys(columns);
    const [id] = this.#database.get(
      `INSERT INTO runs (folder, name, ${names.join(', ')}) VALUES (?, ?, ${names.map(() => '?').join(', ')})
       ON CONFLICT (folder) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')} RETURNING id`,
      entry.folder,
      entry.folder,
      ...Object.values(columns),
    )!;
    return Number(id);
  }

  putAttempts(runId: number, attempts: readonly Attempt[]): void {
    this.#database.run('DELETE FROM attempts WHERE run_id = ?', runId);
    attempts.forEach((attempt, i) => {
      const record = JSON.stringify(attempt);
      this.#database.run('INSERT INTO attempts VALUES (?, ?, ?)', runId, i + 1, record);
    });
  }

  /**
   * Adds lines, in order of steps; a line of a step that has one is added to that. What is there already is no change:
   * a reader that catches up with a run's folder may have been first.
   */
  putLines(runId: number, lines: readonly IndexedLine[]): void {
    const last = lines.at(-1);
    if (last === undefined) return;
    const change = this.#nextChange();
    for (const line of lines) this.#putLine(runId, line, change);
    this.#database.run(
      'UPDATE runs SET step = max(step, ?), updated_at = ?, changed = ? WHERE id = ?',
      last.step,
      new Date(last.time * 1000).toISOString(),
      change,
      runId,
    );
  }

  #putLine(runId: number, line: IndexedLine, change: number): void {
    const { step, time, metrics, elapsed, tokens } = line;
    const isNewer = this.#database.run(
      `INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (run_id, step) DO UPDATE SET
       time = excluded.time, elapsed = excluded.elapsed, tokens = max(tokens, excluded.tokens), changed = excluded.changed
       WHERE excluded.time > time`,
      runId,
      step,
      time,
      elapsed,
      tokens,
      change,
    );
    const points = Object.entries(metrics).flatMap(([key, value]) => [
      runId,
      this.#keyOf(runId, key),
      step,
      finite(value),
    ]);
    const newPoints = this.#putPoints(points);
    if (isNewer === 0 && newPoints > 0)
      this.#database.run(
        'UPDATE lines SET changed = ? WHERE run_id = ? AND step = ?',
        change,
        runId,
        step,
      );
    if (++this.#linesSinceBlocks % LINES_BETWEEN_BLOCKS === 0) this.sumUp(runId);
  }

  /** Several rows a statement: entering it costs more than a row does. @returns how many were not there like that. */
  #putPoints(values: readonly (number | null)[]): number {
    let count = 0;
    for (let start = 0; start < values.length; start += 4 * MOST_ROWS) {
      const some = values.slice(start, start + 4 * MOST_ROWS);
      const rows = Array.from({ length: some.length / 4 }, () => '(?, ?, ?, ?)').join(', ');
      count += this.#database.run(
        `INSERT INTO points VALUES ${rows} ON CONFLICT (run_id, key_id, step) DO UPDATE SET
         value = excluded.value WHERE value IS NOT excluded.value`,
        ...some,
      );
    }
    return count;
  }

  /** Sums up what has gathered since the last block of each key, where it fills one. */
  sumUp(runId: number): void {
    const [small, large] = BLOCK_SIZES;
    const keys = this.#database.all('SELECT key_id FROM run_keys WHERE run_id = ?', runId);
    for (const [id] of keys) {
      const keyId = Number(id);
      while (this.#database.run(smallBlock, runId, keyId, small) > 0);
      while (this.#database.run(largeBlock, runId, keyId, small, large) > 0);
    }
  }

  /** Adds an event; one that is there already is no change. */
  putEvent(
    runId: number,
    { step, time, kind, name, message }: Omit<RunEvent, 'id' | 'runId'>,
  ): void {
    const isNew = this.#database.run(
      `INSERT INTO events (run_id, step, time, kind, name, message) SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (
         SELECT 1 FROM events WHERE run_id = ?1 AND step = ?2 AND time = ?3 AND kind = ?4 AND name = ?5 AND message = ?6)`,
      runId,
      step,
      time,
      kind,
      name,
      message,
    );
    if (isNew === 0) return;
    this.#database.run('UPDATE runs SET changed = ? WHERE id = ?', this.#nextChange(), runId);
  }

  /** How far the database has a run. */
  extent(runId: number): RunExtent {
    const [lines] = this.#database.get('SELECT count(*) FROM lines WHERE run_id = ?', runId)!;
    const [events] = this.#database.get('SELECT count(*) FROM events WHERE run_id = ?', runId)!;
    const [lastStep = -1, elapsed = 0, tokens = 0] =
      this.#database.get(
        'SELECT step, elapsed, tokens FROM lines WHERE run_id = ? ORDER BY step DESC LIMIT 1',
        runId,
      ) ?? [];
    return {
      lines: Number(lines),
      events: Number(events),
      lastStep: Number(lastStep),
      elapsed: Number(elapsed),
      tokens: Number(tokens),
    };
  }

  /**
   * Makes room for an attempt: of a run that is resumed, removes what lies past the step; of one that starts anew, what was
   * entered of an earlier run in its folder.
   */
  makeRoom(
    folder: string,
    { createdAt, attempts }: Pick<RunRecord, 'createdAt' | 'attempts'>,
  ): void {
    const row = this.#database.get('SELECT id, created_at FROM runs WHERE folder = ?', folder);
    if (row === undefined) return;
    const [id, entered] = row;
    this.write(() => {
      if (attempts.length > 1) this.cutAfter(Number(id), attempts.at(-1)!.fromStep);
      else if (entered !== createdAt) {
        this.clear(Number(id));
        this.annotate(Number(id), { name: folder, notes: '', tags: [] });
      }
    });
  }

  /** Removes lines and events past a step; what tells of starts and ends stays. */
  cutAfter(runId: number, step: number): void {
    for (const table of ['lines', 'points'])
      this.#database.run(`DELETE FROM ${table} WHERE run_id = ? AND step > ?`, runId, step);
    this.#database.run('DELETE FROM blocks WHERE run_id = ? AND last_step > ?', runId, step);
    this.#database.run(
      `DELETE FROM events WHERE run_id = ? AND step > ? AND kind NOT IN ('start', 'end')`,
      runId,
      step,
    );
    this.#database.run(
      `DELETE FROM run_keys WHERE run_id = ?1 AND NOT EXISTS (
         SELECT 1 FROM points p WHERE p.run_id = ?1 AND p.key_id = run_keys.key_id)`,
      runId,
    );
    this.#runKeys = new Set();
  }

  /** Removes a run's lines and events, all of them. */
  clear(runId: number): void {
    for (const table of ['lines', 'points', 'blocks', 'run_keys', 'events'])
      this.#database.run(`DELETE FROM ${table} WHERE run_id = ?`, runId);
    this.#runKeys = new Set();
  }

  setStanding(runId: number, { state, reason, step, updatedAt, endedAt }: RunStanding): void {
    this.#database.run(
      'UPDATE runs SET state = ?, reason = ?, step = ?, updated_at = ?, ended_at = ?, changed = ? WHERE id = ?',
      state,
      reason,
      step,
      updatedAt,
      endedAt,
      this.#nextChange(),
      runId,
    );
  }

  setTotalSteps(runId: number, totalSteps: number): void {
    this.#database.run('UPDATE runs SET total_steps = ? WHERE id = ?', totalSteps, runId);
  }

  annotate(runId: number, { name, notes, tags }: RunAnnotations): void {
    this.#database.run(
      'UPDATE runs SET name = coalesce(?, name), notes = coalesce(?, notes), changed = ? WHERE id = ?',
      name ?? null,
      notes ?? null,
      this.#nextChange(),
      runId,
    );
    if (tags === undefined) return;
    this.#database.run('DELETE FROM tags WHERE run_id = ?', runId);
    for (const tag of new Set(tags))
      this.#database.run('INSERT INTO tags VALUES (?, ?)', runId, tag);
  }

  remove(runId: number): void {
    this.clear(runId);
    for (const table of ['attempts', 'tags'])
      this.#database.run(`DELETE FROM ${table} WHERE run_id = ?`, runId);
    this.#database.run('DELETE FROM runs WHERE id = ?', runId);
    this.#database.run('INSERT INTO deletions VALUES (?, ?)', runId, this.#nextChange());
  }

  #nextChange(): number {
    return Number(this.#database.get('UPDATE sequence SET value = value + 1 RETURNING value')![0]);
  }

  #keyOf(runId: number, name: string): number {
    const id = this.#keyIds.get(name) ?? this.#enterKey(name);
    const place = `${runId}:${id}`;
    if (!this.#runKeys.has(place)) {
      this.#database.run('INSERT OR IGNORE INTO run_keys VALUES (?, ?)', runId, id);
      this.#runKeys.add(place);
    }
    return id;
  }

  #enterKey(name: string): number {
    const [id] = this.#database.get(
      'INSERT INTO metric_keys (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id',
      name,
    )!;
    this.#keyIds.set(name, Number(id));
    return Number(id);
  }
}
