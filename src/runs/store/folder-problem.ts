import { LaurelError } from '../../errors.ts';
import { sqliteCode } from './database.ts';
import { StoreError } from './store-error.ts';

/**
 * What is wrong with one run's folder, so that others are served nevertheless: whatever its files hold.
 * @throws what is the database's problem.
 */
export function folderProblem(folder: string, error: unknown): string {
  if (error instanceof StoreError || sqliteCode(error) !== '') throw error;
  if (error instanceof LaurelError) return error.message;
  return `${folder}: cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
