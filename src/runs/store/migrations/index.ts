import { runsMigration } from './001-runs.ts';
import type { Migration } from './migration.ts';

export type { Migration } from './migration.ts';

/** Every migration, in order. */
export const migrations: readonly Migration[] = [runsMigration];
