import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CheckpointError } from '../errors.ts';

/** The file, written last, that makes a checkpoint whole. */
export const manifestName = 'manifest.json';

const readSizeBytes = 1 << 20;

/** What a whole checkpoint holds. */
export interface Manifest {
  readonly step: number;
  /** By path below the checkpoint, `/` between folders. Checkpoints of early versions have no digest of large files. */
  readonly files: Readonly<
    Record<string, { readonly sizeBytes: number; readonly sha256?: string }>
  >;
}

/** Lists a checkpoint's files with their sizes and digests in `manifest.json`. */
export async function writeManifest(folder: string, step: number): Promise<void> {
  const files: Record<string, { sizeBytes: number; sha256: string }> = {};
  for (const path of listFiles(folder)) {
    const name = relative(folder, path).split(sep).join('/');
    files[name] = { sizeBytes: statSync(path).size, sha256: await digest(path) };
  }
  if (Object.keys(files).length === 0) throw new CheckpointError('nothing was written into it');
  const manifest: Manifest = { step, files };
  writeFileSync(join(folder, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** A checkpoint's manifest; undefined when there is none or it was cut short or damaged. */
export function readManifest(folder: string): Manifest | undefined {
  const file = join(folder, manifestName);
  if (!existsSync(file)) return undefined;
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isManifest(manifest) ? manifest : undefined;
  } catch {
    return undefined; // Cut short: the same as absent, the checkpoint is not whole.
  }
}

function isManifest(value: unknown): value is Manifest {
  const { step, files } = (value ?? {}) as Partial<Manifest>;
  const isSized = (file: Partial<Manifest['files'][string]> | null) =>
    Number.isSafeInteger(file?.sizeBytes);
  return (
    Number.isSafeInteger(step) &&
    typeof files === 'object' &&
    files !== null &&
    Object.values(files).every(isSized)
  );
}

/** The first thing wrong with a checkpoint's files by name and size; undefined when all are there. */
export function findMissing(folder: string): string | undefined {
  const manifest = readManifest(folder);
  if (manifest === undefined) {
    return existsSync(join(folder, manifestName))
      ? `${manifestName} cannot be read: it is cut short or damaged`
      : `${manifestName} is missing: the save did not finish`;
  }
  for (const [name, { sizeBytes }] of Object.entries(manifest.files)) {
    const size = statSync(join(folder, name), { throwIfNoEntry: false })?.size;
    if (size === undefined) return `${name} is missing`;
    if (size !== sizeBytes) return `${name} has ${size} bytes, expected ${sizeBytes}`;
  }
  return undefined;
}

/** The first file whose contents changed since the save; undefined when none did. */
export async function findCorrupted(folder: string): Promise<string | undefined> {
  for (const [name, { sha256 }] of Object.entries(readManifest(folder)?.files ?? {})) {
    if (sha256 !== undefined && (await digest(join(folder, name))) !== sha256) {
      return `${name} has changed since it was saved (its SHA-256 differs)`;
    }
  }
  return undefined;
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: readSizeBytes }), hash);
  return hash.digest('hex');
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? listFiles(path) : [path];
    })
    .sort();
}
