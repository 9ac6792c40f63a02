import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Database, sqliteCode } from './database.ts';
import { migrate } from './migrate.ts';
import { StoreError } from './store-error.ts';

/** Name of the database in the folder that holds run folders. */
export const databaseName = 'laurel.db';

export interface OpenOptions {
  /** Changes nothing on disk, and fails where there is no database. */
  readonly readOnly?: boolean;
  /** How long to wait for another process that writes. */
  readonly busyTimeoutMs?: number;
}

/**
 * Opens the database of a root, and brings its tables up to date.
 * @throws StoreError where it is damaged, newer than this version, or cannot be opened.
 */
export function openDatabase(
  root: string,
  { readOnly = false, busyTimeoutMs = 5000 }: OpenOptions = {},
): Database {
  const file = join(root, databaseName);
  if (readOnly && !existsSync(file))
    throw new StoreError(file, 'there is no run database; laurel runs repair makes it');
  let database: Database | undefined;
  try {
    database = new Database(file, { busyTimeoutMs });
    prepare(database, file, readOnly);
    return database;
  } catch (error) {
    database?.close();
    throw StoreError.from(file, error);
  }
}

/** A database in memory, with the tables of this version. */
export function memoryDatabase(): Database {
  const database = new Database(':memory:', { busyTimeoutMs: 0 });
  migrate(database, ':memory:');
  return database;
}

function prepare(database: Database, file: string, readOnly: boolean): void {
  if (!readOnly) useWriteAheadLog(database);
  // A crash of the machine may lose the last lines, which the run folder has; it cannot damage the database.
  database.exec('PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON');
  migrate(database, file, { readOnly });
  if (readOnly) database.exec('PRAGMA query_only = ON');
}

const ATTEMPTS = 50;

/** Several trainers may make the database at once, and SQLite does not wait for this one change. */
function useWriteAheadLog(database: Database): void {
  for (let attempt = 1; ; attempt++) {
    try {
      database.get('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (sqliteCode(error) !== 'SQLITE_BUSY' || attempt === ATTEMPTS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}
