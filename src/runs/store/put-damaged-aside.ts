import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from './database.ts';
import { databaseName, openDatabase } from './open-database.ts';
import { StoreError } from './store-error.ts';

/** Renames a damaged database out of the way. @returns its new name, where there was one. */
export function putDamagedAside(root: string): string | undefined {
  const file = join(root, databaseName);
  if (!existsSync(file) || isSound(root)) return undefined;
  const aside = `${file}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
  renameSync(file, aside);
  for (const suffix of ['-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  return aside;
}

function isSound(root: string): boolean {
  let database: Database | undefined;
  try {
    database = openDatabase(root);
    return database.get('PRAGMA quick_check')![0] === 'ok';
  } catch (error) {
    if (error instanceof StoreError && !error.isDamaged) throw error;
    return false;
  } finally {
    database?.close();
  }
}
