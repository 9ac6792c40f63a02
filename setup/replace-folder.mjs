import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

/** Puts the folder `fresh` in the place of `folder` by renaming, so that nobody sees half of it. */
export function replaceFolder(folder, fresh) {
  const old = `${fresh}-old`;
  mkdirSync(dirname(folder), { recursive: true });
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(fresh, folder);
  rmSync(old, { recursive: true, force: true });
}
