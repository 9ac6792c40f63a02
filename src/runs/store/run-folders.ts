import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isRunFolder } from '../run-record.ts';

/** The run folders of a root, by name. */
export function runFolders(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => join(root, name))
    .filter(isRunFolder)
    .sort();
}
