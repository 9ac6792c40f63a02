import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CheckpointError, ConfigError, DataError } from '../../src/errors.ts';
import type { FuzzTarget } from './target.ts';

/** What reading one input came to. */
export interface Outcome {
  /** Whether it was read to its end; otherwise it was refused. */
  readonly accepted: boolean;
  /** What is wrong with the way it was refused; undefined where nothing is. */
  readonly problem: string | undefined;
  readonly milliseconds: number;
  /** Resident bytes at the peak above those before. */
  readonly growthBytes: number;
}

/** Bytes that reading may take whatever the file's size: code, buffers of streams, garbage not yet collected. */
export const MEMORY_SLACK = 32 * 2 ** 20;
/** Bytes held for each byte of a file. */
const MEMORY_FACTOR = 4;

/** Bytes that reading a file of a size may take. */
export const memoryBound = ({ memoryBound: own }: FuzzTarget, sizeBytes: number): number =>
  MEMORY_SLACK + (own?.(sizeBytes) ?? MEMORY_FACTOR * sizeBytes);

const kilobytes = (name: string): number =>
  1024 *
  Number(
    new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1],
  );

const measures = process.platform === 'linux';

/** Starts measuring the peak anew. @returns resident bytes now; 0 where they cannot be measured. */
function resetPeak(): number {
  if (!measures) return 0;
  writeFileSync('/proc/self/clear_refs', '5');
  return kilobytes('VmRSS');
}

const peak = (): number => (measures ? kilobytes('VmHWM') : 0);

/** A refusal must say where: in the file, and of a kind that callers know. */
function problemOf(
  error: unknown,
  path: string,
  { alsoNamed = path }: FuzzTarget,
): string | undefined {
  const isKnown =
    error instanceof DataError || error instanceof CheckpointError || error instanceof ConfigError;
  if (!isKnown) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const names = [path, dirname(path), alsoNamed];
  return names.some((name) => error.message.includes(name))
    ? undefined
    : `the message does not name the file: ${error.message}`;
}

/** Reads one input from a file in `folder`. */
export async function attempt(
  target: FuzzTarget,
  input: Uint8Array,
  folder: string,
): Promise<Outcome> {
  const path = join(folder, target.file);
  writeFileSync(path, input);
  const before = resetPeak();
  const startedAt = performance.now();
  let accepted = true;
  let problem: string | undefined;
  try {
    await target.read(path);
  } catch (error) {
    accepted = false;
    problem = problemOf(error, path, target);
  }
  const milliseconds = performance.now() - startedAt;
  return { accepted, problem, milliseconds, growthBytes: Math.max(0, peak() - before) };
}

/** A folder with what a target's file needs beside it. */
export function prepareFolder({ name, companions = {} }: FuzzTarget, root: string): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(companions))
    writeFileSync(join(folder, file), content);
  return folder;
}
