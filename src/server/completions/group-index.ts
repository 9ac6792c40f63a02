import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { DataError } from '../../errors.ts';
import type { GroupRecord } from '../../runs/index.ts';
import type { RunFile } from './run-file.ts';

/** Where a group lies in its file. */
export interface GroupPlace {
  readonly index: number;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly example: number;
  /** Completions of the step before this group's. */
  readonly firstCompletion: number;
  /** Its completions. */
  readonly size: number;
}

const CHUNK_BYTES = 2 ** 20;
const NEWLINE = 10;

/**
 * Reads a file of groups once, a chunk at a time, so that other requests are served in between; `visit` sees each group.
 * @throws DataError for a line that is no group.
 */
export async function scanGroups(
  file: RunFile,
  visit: (group: GroupRecord, place: GroupPlace) => void,
): Promise<void> {
  let [offset, index, firstCompletion] = [0, 0, 0];
  for await (const line of linesOf(file.path)) {
    if (line.length > 0) {
      const group = parseGroup(line, file.path, index + 1);
      const { example, completions } = group;
      const { length: size } = completions;
      visit(group, { index, offset, sizeBytes: line.length, example, firstCompletion, size });
      index++;
      firstCompletion += size;
    }
    offset += line.length + 1;
  }
}

/** Reads single groups by their places. */
export async function readGroups(
  file: RunFile,
  places: readonly GroupPlace[],
): Promise<GroupRecord[]> {
  const handle = await open(file.path);
  try {
    const groups: GroupRecord[] = [];
    for (const { offset, sizeBytes, index } of places) {
      const bytes = Buffer.alloc(sizeBytes);
      await handle.read(bytes, 0, sizeBytes, offset);
      groups.push(parseGroup(bytes, file.path, index + 1));
    }
    return groups;
  } finally {
    await handle.close();
  }
}

async function* linesOf(path: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    let bytes = chunk as Buffer;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE)) {
      yield Buffer.concat([...rest, bytes.subarray(0, end)]);
      rest = [];
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > 0) rest.push(bytes);
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}

function parseGroup(line: Buffer, file: string, number: number): GroupRecord {
  try {
    const group = JSON.parse(line.toString('utf8')) as GroupRecord;
    if (!Array.isArray(group.completions)) throw new TypeError('it has no completions');
    return group;
  } catch (cause) {
    throw new DataError(`is not a group of completions: ${(cause as Error).message}`, {
      file,
      line: number,
      cause,
    });
  }
}
