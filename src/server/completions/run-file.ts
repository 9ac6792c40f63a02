import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { HttpProblem } from '../http-problem.ts';

/** A file of a run as it is now. */
export interface RunFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** Another one where the file was replaced or written to. */
  readonly version: string;
}

/**
 * A file of a run's folder; undefined where there is none.
 * @throws HttpProblem for a link that leads out of the folder.
 */
export async function findRunFile(
  folder: string,
  ...names: readonly string[]
): Promise<RunFile | undefined> {
  try {
    const [home, path] = await Promise.all([realpath(folder), realpath(join(folder, ...names))]);
    if (!path.startsWith(home + sep)) {
      throw new HttpProblem(
        403,
        `${names.join('/')} leads out of the run's folder; only files in it are shown`,
      );
    }
    const { size, mtimeMs, ino, isFile } = await describe(path);
    if (!isFile) return undefined;
    return { path, sizeBytes: size, version: `${path}:${ino}:${size}:${mtimeMs}` };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR'].includes(code)) return undefined;
    throw error;
  }
}

async function describe(path: string) {
  const found = await stat(path);
  return { size: found.size, mtimeMs: found.mtimeMs, ino: found.ino, isFile: found.isFile() };
}
