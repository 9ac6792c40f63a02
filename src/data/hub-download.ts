import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { downloadFile, type ListFileEntry } from '@huggingface/hub';
import { DataError } from '../errors.ts';
import { pathKind } from './local-data.ts';

/** One file of a Hub repository and the cache it goes to. */
export interface HubFile {
  readonly entry: ListFileEntry;
  readonly request: {
    readonly repo: { readonly type: 'dataset' | 'model'; readonly name: string };
    /** The commit. */
    readonly revision: string;
    readonly hubUrl: string;
    readonly accessToken?: string;
  };
  /** `models--org--name` or `datasets--org--name` in the cache folder. */
  readonly storage: string;
  readonly commit: string;
}

const ATTEMPTS = 4;

async function sizeOf(path: string): Promise<number> {
  return pathKind(path) === 'file' ? (await stat(path)).size : 0;
}

/** Checks content against the repository's listing: SHA-256 for large files, git's blob hash for the rest. */
async function verify(path: string, { entry }: HubFile): Promise<void> {
  const hash = entry.lfs ? createHash('sha256') : createHash('sha1').update(`blob ${entry.size}\0`);
  await pipeline(createReadStream(path), hash);
  const found = hash.digest('hex');
  const expected = entry.lfs?.oid ?? entry.oid;
  if (expected === undefined || found === expected) return;
  await rm(path, { force: true });
  throw new DataError(
    `download of ${entry.path} does not match the Hub's hash (expected ${expected}, found ${found}); try again`,
  );
}

/** Appends what is missing of a file, asking for the rest by range when a connection broke off. */
async function fetchInto(path: string, { entry, request }: HubFile): Promise<void> {
  for (let attempt = 1; (await sizeOf(path)) < entry.size; attempt++) {
    const start = await sizeOf(path);
    try {
      const blob = await downloadFile({ ...request, path: entry.path, xet: false });
      if (!blob) throw new DataError(`${entry.path} is listed on the Hub but not served`);
      const body = start === 0 ? blob : blob.slice(start, entry.size);
      await pipeline(
        Readable.fromWeb(body.stream() as ReadableStream),
        createWriteStream(path, { flags: 'a' }),
      );
    } catch (error) {
      if (attempt >= ATTEMPTS) throw error;
    }
    if (attempt >= ATTEMPTS && (await sizeOf(path)) < entry.size) {
      throw new DataError(
        `download of ${entry.path} broke off at ${await sizeOf(path)} of ${entry.size} bytes, ${ATTEMPTS} times`,
      );
    }
  }
}

/** Makes the snapshot's entry beside its place and renames it, so that two downloads at once do no harm. */
async function link(target: string, path: string): Promise<void> {
  const temporary = `${path}.${process.pid}.link`;
  await mkdir(dirname(path), { recursive: true });
  await rm(temporary, { force: true });
  try {
    await symlink(relative(dirname(path), target), temporary);
  } catch {
    // File systems without links get a copy, as Hugging Face's own cache does.
    await copyFile(target, temporary);
  }
  await rename(temporary, path);
}

/**
 * Puts one file into the cache in Hugging Face's layout (`blobs/HASH`, linked from `snapshots/COMMIT/PATH`), unless it
 * is there. The blob appears by rename once its hash is right.
 */
export async function downloadToCache(file: HubFile): Promise<void> {
  const { entry, storage, commit } = file;
  const hash = entry.lfs?.oid ?? entry.oid;
  if (hash === undefined || entry.path.split('/').includes('..')) {
    throw new DataError(`the Hub lists a file that cannot be kept: ${JSON.stringify(entry.path)}`);
  }
  const pointer = join(storage, 'snapshots', commit, entry.path);
  if (pathKind(pointer) === 'file') return;
  const blob = join(storage, 'blobs', hash);
  if (pathKind(blob) !== 'file') {
    const incomplete = `${blob}.${process.pid}.incomplete`;
    await mkdir(dirname(blob), { recursive: true });
    await writeFile(incomplete, '');
    try {
      await fetchInto(incomplete, file);
      await verify(incomplete, file);
      await rename(incomplete, blob);
    } finally {
      await rm(incomplete, { force: true });
    }
  }
  await link(blob, pointer);
}
