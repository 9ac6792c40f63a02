import type { Database } from './database.ts';
import { type Migration, migrations } from './migrations/index.ts';
import { StoreError } from './store-error.ts';

interface MigrateOptions {
  /** Fails where anything is to be done. */
  readonly readOnly?: boolean;
  readonly steps?: readonly Migration[];
}

const versionOf = (database: Database): number => Number(database.get('PRAGMA user_version')![0]);

/**
 * Brings a database's tables to the newest version, all of the missing migrations in one transaction.
 * @throws StoreError for a database of a newer version.
 */
export function migrate(
  database: Database,
  file: string,
  { readOnly = false, steps = migrations }: MigrateOptions = {},
): void {
  const newest = steps.at(-1)!.version;
  const found = versionOf(database);
  if (found > newest)
    throw new StoreError(
      file,
      `the run database has version ${found}, and this Laurel knows versions up to ${newest}; use the Laurel that made it, or a newer one`,
    );
  if (found === newest) return;
  if (readOnly)
    throw new StoreError(
      file,
      `the run database has version ${found}, and this Laurel reads version ${newest}; laurel runs repair brings it up to date`,
    );
  database.transaction(() => {
    // Another process may have been faster.
    const current = versionOf(database);
    for (const { version, sql } of steps.filter((step) => step.version > current)) {
      database.exec(sql);
      database.exec(`PRAGMA user_version = ${version}`);
    }
  });
}
