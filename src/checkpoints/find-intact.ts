import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CheckpointError } from '../errors.ts';
import { type Checkpoint, findCheckpoint, listCheckpoints } from './find-checkpoint.ts';
import { findCorrupted, findMissing } from './manifest.ts';

/** A checkpoint that cannot be gone on from. */
export interface DamagedCheckpoint {
  readonly name: string;
  /** The first file that is not as saved, and how. */
  readonly problem: string;
}

/** A checkpoint whose every byte is as saved. */
export interface IntactCheckpoint extends Checkpoint {
  /** Later ones that are not, newest first. */
  readonly passedOver: readonly DamagedCheckpoint[];
}

/**
 * The checkpoint that a path means, checked by size and digest. One that is named must be intact itself; of a run, the
 * newest one that is.
 * @throws CheckpointError when there is none, saying what is wrong with those that are there.
 */
export async function findIntact(path: string): Promise<IntactCheckpoint> {
  const newest = findCheckpoint(path);
  if (newest.path === path) return assertIntact(newest);
  const passedOver = unfinishedAfter(newest);
  for (const checkpoint of listCheckpoints(dirname(newest.path)).reverse()) {
    const problem = await problemOf(checkpoint);
    if (problem === undefined) return { ...checkpoint, passedOver };
    passedOver.push({ name: basename(checkpoint.path), problem });
  }
  const problems = passedOver.map(({ name, problem }) => `${name}: ${problem}`).join('; ');
  throw new CheckpointError(
    `${path}: none of its checkpoints is intact (${problems}). Copy one again from a backup, or start the run anew`,
  );
}

const problemOf = async ({ path }: Checkpoint): Promise<string | undefined> =>
  findMissing(path) ?? (await findCorrupted(path));

/** Folders later than a checkpoint that do not count as checkpoints, with why. */
function unfinishedAfter({ path, step }: Checkpoint): DamagedCheckpoint[] {
  const folder = dirname(path);
  const stepOf = (name: string) => Number(/^checkpoint-(\d+)$/.exec(name)?.[1] ?? 0);
  return readdirSync(folder)
    .filter((name) => stepOf(name) > step)
    .sort((left, right) => stepOf(right) - stepOf(left))
    .map((name) => ({ name, problem: findMissing(join(folder, name)) ?? 'is not listed' }));
}

/** @throws CheckpointError naming the first file that is not as saved, and another checkpoint that is intact. */
async function assertIntact(checkpoint: Checkpoint): Promise<IntactCheckpoint> {
  const problem = await problemOf(checkpoint);
  if (problem === undefined) return { ...checkpoint, passedOver: [] };
  const { path, step } = checkpoint;
  const earlier = listCheckpoints(dirname(path)).filter((other) => other.step < step);
  for (const other of earlier.reverse()) {
    if ((await problemOf(other)) !== undefined) continue;
    throw new CheckpointError(`${path}: ${problem}; resume from ${other.path}, which is intact`);
  }
  throw new CheckpointError(
    `${path}: ${problem}; copy it again from a backup, or start the run anew`,
  );
}
