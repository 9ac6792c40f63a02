/**
 * Checkpoints are folders `checkpoint-N`. One is written under another name, forced to disk and then
 * renamed; nothing older is removed before that. What a crash leaves behind is ignored, and cleared by
 * the next save. One writer at a time: the run's lock sees to that.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SaveError } from '../errors.ts';
import { syncPath, syncTree } from './durable-files.ts';
import { listCheckpoints } from './find-checkpoint.ts';
import { writeManifest } from './manifest.ts';

/** What to keep of earlier checkpoints. */
export interface KeepOptions {
  /** How many checkpoints, newest first; all unless given. */
  keep?: number | null | undefined;
  /** Step of the best one, kept in any case. */
  best?: number | null | undefined;
  /** Of the steps that have a checkpoint, oldest first, further ones kept in any case. */
  alsoKeep?: (saved: readonly number[]) => readonly number[];
}

/**
 * Saves a checkpoint so that, whatever happens, a whole one remains.
 * @param write - Writes the files into the temporary folder it is given.
 * @returns the checkpoint's folder.
 * @throws SaveError when it could not be saved; earlier checkpoints are untouched.
 */
export async function saveCheckpoint(
  folder: string,
  step: number,
  write: (temporaryFolder: string) => Promise<void> | void,
  { keep, best, alsoKeep = () => [] }: KeepOptions = {},
): Promise<string> {
  const target = join(folder, `checkpoint-${step}`);
  const suffix = randomBytes(4).toString('hex');
  const temporary = `${target}.tmp-${suffix}`;
  try {
    mkdirSync(folder, { recursive: true });
    clearLeftovers(folder);
    mkdirSync(temporary);
    await write(temporary);
    await writeManifest(temporary, step);
    syncTree(temporary);
    replaceFolder(temporary, target, `${target}.old-${suffix}`);
    syncPath(folder);
  } catch (cause) {
    if (existsSync(temporary)) rmSync(temporary, { recursive: true, force: true });
    throw saveError(folder, step, cause as Error);
  }
  clearLeftovers(folder);
  removeOldest(folder, keep ?? Number.POSITIVE_INFINITY, (saved) => [
    ...(best === null || best === undefined ? [] : [best]),
    ...alsoKeep(saved),
  ]);
  return target;
}

/**
 * Sets aside the checkpoints past a step, under names that nothing resumes from, before a run continues at
 * that step: they belong to a history that is being written anew. Each is removed when its step is saved again.
 * @returns the steps set aside.
 */
export function supersedeCheckpointsAfter(folder: string, step: number): number[] {
  const later = listCheckpoints(folder).filter((checkpoint) => checkpoint.step > step);
  for (const checkpoint of later) {
    const aside = join(
      folder,
      `checkpoint-${checkpoint.step}.superseded-${randomBytes(4).toString('hex')}`,
    );
    renameSync(checkpoint.path, aside);
  }
  return later.map((checkpoint) => checkpoint.step);
}

/** Where a checkpoint of this step is already, it is moved aside first and counts until the new one is in place. */
function replaceFolder(source: string, target: string, aside: string): void {
  if (existsSync(target)) renameSync(target, aside);
  renameSync(source, target);
}

/** Removes unfinished saves, and replaced or superseded checkpoints whose replacement is in place. */
function clearLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, target, kind] = /^(checkpoint-\d+)\.(tmp|old|superseded)-/.exec(name) ?? [];
    if (target === undefined) continue;
    const isReplaced = existsSync(join(folder, target));
    if (kind === 'tmp' || isReplaced) rmSync(join(folder, name), { recursive: true, force: true });
    else if (kind === 'old') renameSync(join(folder, name), join(folder, target));
  }
}

/** Keeps the newest and those held on to, as Transformers' rotate_checkpoints does with the best. */
function removeOldest(
  folder: string,
  keep: number,
  heldOnTo: (saved: readonly number[]) => readonly number[],
): void {
  const checkpoints = listCheckpoints(folder);
  const newest = checkpoints.at(-1);
  const held = new Set(heldOnTo(checkpoints.map(({ step }) => step)));
  const isProtected = (step: number) => step === newest?.step || held.has(step);
  const protectedCount = checkpoints.filter(({ step }) => isProtected(step)).length;
  let excess = checkpoints.length - Math.max(keep, protectedCount);
  for (const { step, path } of checkpoints) {
    if (excess <= 0) return;
    if (isProtected(step)) continue;
    // Renamed first: a folder half removed must not look like a checkpoint.
    const removed = `${path}.tmp-removed`;
    renameSync(path, removed);
    rmSync(removed, { recursive: true, force: true });
    excess--;
  }
}

function saveError(folder: string, step: number, cause: Error): SaveError {
  const last = listCheckpoints(folder).at(-1);
  const before =
    last === undefined
      ? 'no earlier checkpoint exists'
      : `the newest whole checkpoint is ${last.path}`;
  const advice = isDiskFull(cause)
    ? '. Free disk space or lower save_total_limit, then resume'
    : '';
  return new SaveError(
    `checkpoint-${step} could not be saved in ${folder}: ${cause.message}; ${before}${advice}`,
    { cause },
  );
}

/** Whether an error, or what caused it, is that no space is left. */
function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code) || isDiskFull(error.cause);
}
