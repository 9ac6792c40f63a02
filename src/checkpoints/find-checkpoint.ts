import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CheckpointError } from '../errors.ts';
import { findMissing, manifestName, readManifest } from './manifest.ts';

/** A checkpoint whose files are all there. */
export interface Checkpoint {
  readonly step: number;
  readonly path: string;
}

/** The whole checkpoints in a folder, oldest first; what a crash left unfinished is not among them. */
export function listCheckpoints(folder: string): Checkpoint[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  const found = new Map<number, Checkpoint>();
  // Names sort `checkpoint-5` before `checkpoint-5.old-…`, so a replaced one counts only while its replacement is missing.
  for (const name of readdirSync(folder).sort()) {
    const step = Number(/^checkpoint-(\d+)(\.old-\w+)?$/.exec(name)?.[1] ?? Number.NaN);
    const path = join(folder, name);
    if (Number.isNaN(step) || found.has(step) || findMissing(path) !== undefined) continue;
    found.set(step, { step, path });
  }
  return [...found.values()].sort((left, right) => left.step - right.step);
}

/** The newest whole checkpoint of a folder. */
export function latestCheckpoint(folder: string): Checkpoint | undefined {
  return listCheckpoints(folder).at(-1);
}

/**
 * The checkpoint that a path means: itself, or the newest one of a run folder or a checkpoints folder.
 * @throws CheckpointError when there is none, saying what is there instead.
 */
export function findCheckpoint(path: string): Checkpoint {
  if (!existsSync(path))
    throw new CheckpointError(`${path}: there is no such checkpoint or run folder`);
  const manifest = readManifest(path);
  if (manifest !== undefined) return { step: manifest.step, path };
  if (/^checkpoint-\d+/.test(basename(path))) {
    throw new CheckpointError(
      `${path}: ${manifestName} is missing, so its save did not finish; use an earlier checkpoint`,
    );
  }
  const latest = latestCheckpoint(join(path, 'checkpoints')) ?? latestCheckpoint(path);
  if (latest === undefined) {
    throw new CheckpointError(
      `${path}: holds no whole checkpoint (checkpoints/checkpoint-N)${whatIsThere(path)}`,
    );
  }
  return latest;
}

/** What keeps the newest checkpoint folder from counting; advice where there is none. */
function whatIsThere(path: string): string {
  const folders = [join(path, 'checkpoints'), path].filter((folder) => existsSync(folder));
  const found = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^checkpoint-\d+$/.test(name))
      .map((name) => join(folder, name)),
  );
  const stepOf = (folder: string) => Number(folder.slice(folder.lastIndexOf('-') + 1));
  const newest = found.sort((left, right) => stepOf(left) - stepOf(right)).at(-1);
  if (newest === undefined) return '; start the run anew';
  return `; the newest, ${newest}: ${findMissing(newest) ?? 'was not saved whole'}. Copy it again, or start the run anew`;
}
