import { basename, dirname, join, resolve } from 'node:path';
import { expandHome, listFolder, pathKind } from '../data/local-data.ts';
import { DataError } from '../errors.ts';

/** The files beside a log, in its folder. */
export interface SourceFiles {
  readonly folder: string;
  readonly names: readonly string[];
}

/** The files of a folder, or of the folder that a file is in. */
export function sourceFiles(path: string): SourceFiles {
  const folder = pathKind(path) === 'folder' ? path : dirname(path);
  return { folder, names: listFolder(folder, 0) };
}

/**
 * A file by its name, or the only one whose name ends so: `Industrial.inter.json`.
 * @throws DataError where several do.
 */
export function findFile({ folder, names }: SourceFiles, name: string): string | undefined {
  if (names.includes(name)) return join(folder, name);
  const ending = names.filter((each) => each.endsWith(`.${name}`));
  if (ending.length <= 1) return ending[0] === undefined ? undefined : join(folder, ending[0]);
  throw new DataError(`several files end in .${name}: ${ending.join(', ')}; keep one`, {
    file: folder,
  });
}

/** A file that was named: one beside the log, or a path. */
export function namedFile({ folder, names }: SourceFiles, name: string): string {
  if (names.includes(name)) return join(folder, name);
  const path = resolve(expandHome(name));
  if (pathKind(path) === 'file') return path;
  throw new DataError(`there is no such file, nor one of this name in ${folder}`, { file: name });
}

const KNOWN_INDEXES = ['index.rqvae.json', 'index.rkmeans.json', 'index.json'];

/** The file of semantic ids of a folder: of residual quantisation by an autoencoder, else by k-means, else any. */
export function findIndex({ folder, names }: SourceFiles): string | undefined {
  const found =
    KNOWN_INDEXES.find((name) => names.includes(name)) ??
    names.find((name) => /(^|\.)index(\.[\w-]+)?\.json$/.test(name));
  return found === undefined ? undefined : join(folder, found);
}

/** A file's or folder's name without what says its format. */
export const sourceName = (path: string): string =>
  pathKind(path) === 'folder' ? basename(path) : basename(path).replace(/\.[^.]+$/, '');
