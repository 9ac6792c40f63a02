import { createRequire } from 'node:module';
import type LibsqlDatabase from 'libsql';

/** A row's values, in the order selected. */
export type Row = readonly (string | number | null)[];
type Value = string | number | null;

interface PreparedStatement {
  run(values: readonly Value[]): { readonly changes: number };
  get(values: readonly Value[]): Row | undefined;
  all(values: readonly Value[]): Row[];
  raw(): PreparedStatement;
}

/**
 * A connection to SQLite: prepared statements kept by their text, rows as arrays. Every call is synchronous. The driver is
 * loaded with the first connection, so that a machine without it can do everything else.
 */
export class Database {
  readonly #driver: LibsqlDatabase.Database;
  readonly #statements = new Map<string, PreparedStatement>();

  /** @param busyTimeoutMs - How long to wait for another process that writes. */
  constructor(file: string, { busyTimeoutMs }: { readonly busyTimeoutMs: number }) {
    const Driver = createRequire(import.meta.url)('libsql') as typeof LibsqlDatabase;
    this.#driver = new Driver(file);
    this.setBusyTimeout(busyTimeoutMs);
  }

  setBusyTimeout(milliseconds: number): void {
    this.exec(`PRAGMA busy_timeout = ${milliseconds}`);
  }

  exec(sql: string): void {
    this.#driver.exec(sql);
  }

  /** @returns how many rows it changed. */
  run(sql: string, ...values: readonly Value[]): number {
    return this.#prepare(sql, false).run(values).changes;
  }

  get(sql: string, ...values: readonly Value[]): Row | undefined {
    return this.#prepare(sql, true).get(values);
  }

  all(sql: string, ...values: readonly Value[]): Row[] {
    return this.#prepare(sql, true).all(values);
  }

  /** Everything that `write` does, or nothing. Takes the one writer's place at the start, so that it cannot fail half-way. */
  transaction<Result>(write: () => Result): Result {
    this.exec('BEGIN IMMEDIATE');
    try {
      const result = write();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** Moves what it can from the write-ahead log into the database's own file, without waiting for anybody. */
  checkpoint(): void {
    this.get('PRAGMA wal_checkpoint(PASSIVE)');
  }

  close(): void {
    this.#statements.clear();
    if (this.#driver.open) this.#driver.close();
  }

  /** The system may have rolled back already, on a full disk say. */
  #rollBack(): void {
    if (this.#driver.inTransaction) this.exec('ROLLBACK');
  }

  #prepare(sql: string, isQuery: boolean): PreparedStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const prepared = this.#driver.prepare(sql) as unknown as PreparedStatement;
    const statement = isQuery ? prepared.raw() : prepared;
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** What SQLite calls the reason of an error: `SQLITE_BUSY`; empty for errors of others. */
export const sqliteCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_')
    ? String(error.code)
    : '';
