import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileDurably } from '../checkpoints/durable-files.ts';
import { DataError } from '../errors.ts';
import type { GitRevision } from './git-revision.ts';

/** How an attempt ended. */
export type AttemptOutcome = 'finished' | 'interrupted' | 'failed';

/** One process's work on a run: from its start, or from a checkpoint. */
export interface Attempt {
  readonly startedAt: string;
  readonly pid: number;
  readonly host: string;
  /** Step it continued from; 0 for a fresh start. */
  readonly fromStep: number;
  readonly gitRevision: GitRevision | null;
  /** What decides the bits of a result: libtorch, BLAS, core name, threads. */
  readonly fingerprint: Readonly<Record<string, unknown>>;
  readonly command: readonly string[];
  /** What relative paths in its command and options start from; early versions did not record it. */
  readonly workingFolder?: string;
  readonly endedAt?: string;
  readonly outcome?: AttemptOutcome;
  /** Why it ended, when it did not reach its last step. */
  readonly reason?: string;
  readonly lastStep?: number;
  /** Step of the checkpoint whose weights it ended with, where that is not the newest. */
  readonly bestStep?: number;
}

/** Where a run comes from, as far as its starter said so; the rest is derived from its command and options. */
export interface StatedOrigin {
  /** Where its weights come from: a run's name, or a folder of a run or checkpoint. One that is no run's counts for none. */
  readonly parent?: string;
  /** The paper that it reproduces or uses: name of its folder. */
  readonly paper?: string;
  /** The configuration file or script that it was started with. */
  readonly recipe?: string;
}

/** `run.json`. */
export interface RunRecord {
  readonly name: string;
  readonly trainer: string;
  readonly seed: number;
  readonly createdAt: string;
  readonly laurelVersion: string;
  readonly totalSteps: number | null;
  readonly attempts: readonly Attempt[];
  readonly origin?: StatedOrigin;
}

const recordName = 'run.json';

const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'expected a time');

/** What is relied on; other versions may write more. */
const schema = z.looseObject({
  trainer: z.string(),
  seed: z.number(),
  createdAt: time,
  totalSteps: z.number().nullable(),
  attempts: z.array(z.looseObject({ startedAt: time, command: z.array(z.string()) })),
});

/** Whether a folder is a run's. */
export function isRunFolder(folder: string): boolean {
  return existsSync(join(folder, recordName));
}

/** Replaces `run.json` by rename. */
export function writeRunRecord(folder: string, record: RunRecord): void {
  writeFileDurably(join(folder, recordName), `${JSON.stringify(record, null, 2)}\n`);
}

/**
 * Reads `run.json`.
 * @throws DataError when it is missing, not JSON or not a run's.
 */
export function readRunRecord(folder: string): RunRecord {
  const file = join(folder, recordName);
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8'))) as unknown as RunRecord;
  } catch (cause) {
    const problem = cause instanceof z.ZodError ? firstIssue(cause) : (cause as Error).message;
    throw new DataError(`is not a readable run record: ${problem}`, { file, cause });
  }
}

function firstIssue({ issues: [first] }: z.ZodError): string {
  const at = first!.path.join('.');
  return at === '' ? first!.message : `${at}: ${first!.message}`;
}
