import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { StorageError } from '../errors.ts';

/** Forces a file's contents, or a folder's list of names, to disk. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Forces a folder and everything below it to disk, innermost first. */
export function syncTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else syncPath(path);
  }
  syncPath(folder);
}

const temporaryName = /\.[0-9a-f]{8}\.tmp$/;

/** Removes what a killed process left of files it was replacing; only for the one writer of a folder. */
export function clearTemporaries(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (temporaryName.test(name)) rmSync(join(folder, name), { force: true });
  }
}

/**
 * Replaces a file by rename: whoever reads it, sees the old contents or the new, never a mixture.
 * @throws StorageError when it cannot be written; the old contents stay.
 */
export function replaceFile(file: string, contents: string | Uint8Array): void {
  replaceBy(file, contents, () => {});
}

/** As {@link replaceFile}, and holds when the machine stops right after. */
export function writeFileDurably(file: string, contents: string | Uint8Array): void {
  replaceBy(file, contents, syncPath);
  syncPath(dirname(file));
}

function replaceBy(
  file: string,
  contents: string | Uint8Array,
  beforeRename: (temporary: string) => void,
): void {
  const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, contents);
    beforeRename(temporary);
    renameSync(temporary, file);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw StorageError.from(file, cause);
  }
}
