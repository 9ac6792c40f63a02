import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fromTypedArray, readSafetensors, tidy, writeSafetensors } from '../tensor/index.ts';

const fileName = 'reference-logprobs.safetensors';

type Values = Float32Array | Float64Array;

/** log π_ref of all tokens: of rows trained on, and of rows held out. */
export interface ReferenceLogprobs {
  readonly train: Values;
  readonly held: Values;
}

export interface LookUp {
  /** A name of the reference and the rows together. */
  readonly key: string;
  /** Tells of a file that is damaged. */
  readonly warn: (message: string) => void;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Values): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const digestOf = ({ train, held }: ReferenceLogprobs): string =>
  createHash('sha256').update(bytesOf(train)).update(bytesOf(held)).digest('hex');

/** Keeps values in a run's folder, under their key and with a digest. */
export function writeReferenceLogprobs(
  folder: string,
  key: string,
  values: ReferenceLogprobs,
): void {
  tidy(() => {
    const tensors = (['train', 'held'] as const).map(
      (part) => [part, fromTypedArray(values[part], [values[part].length])] as const,
    );
    const metadata = { key, digest: digestOf(values) };
    writeSafetensors(join(folder, fileName), new Map(tensors), { metadata });
  });
}

const damaged = (file: string): string =>
  `${file} is damaged; the reference's log-probabilities are computed again`;

/** Whether a file has values under this key; undefined where it cannot be read. */
function hasKey(file: string, key: string): boolean | undefined {
  try {
    return tidy(() => readSafetensors(file).metadata['key'] === key);
  } catch {
    return undefined; // The caller tells, where it is the run's own.
  }
}

/** @throws CheckpointError where the file cannot be read. */
function readFile(file: string): ReferenceLogprobs | undefined {
  return tidy(() => {
    const saved = readSafetensors(file);
    const part = (name: string) => saved.tensor(name).toTypedArray().slice() as Values;
    const values = { train: part('train'), held: part('held') };
    return saved.metadata['digest'] === digestOf(values) ? values : undefined;
  });
}

function read(file: string, { key, warn }: LookUp): ReferenceLogprobs | undefined {
  if (!existsSync(file)) return undefined;
  const isWanted = hasKey(file, key);
  if (isWanted === false) return undefined;
  try {
    const values = isWanted ? readFile(file) : undefined;
    if (values !== undefined) return values;
  } catch {
    // Cut short, or no safetensors file: said below.
  }
  warn(damaged(file));
  return undefined;
}

/** The same file of the runs beside a run, where it has this key. */
function filesBeside(folder: string, key: string): string[] {
  const parent = dirname(resolve(folder));
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(parent, name, fileName))
    .sort()
    .filter((file) => file !== join(resolve(folder), fileName) && existsSync(file))
    .filter((file) => hasKey(file, key) === true);
}

/**
 * What was computed earlier of this reference and these rows: in this run, or in a run beside it, whose file is then
 * copied, so that the run can be resumed without the other. Values whose digest is wrong are passed over, and it is said.
 */
export function findReferenceLogprobs(
  folder: string,
  lookUp: LookUp,
): ReferenceLogprobs | undefined {
  const own = read(join(folder, fileName), lookUp);
  if (own !== undefined) return own;
  for (const file of filesBeside(folder, lookUp.key)) {
    const values = read(file, lookUp);
    if (values === undefined) continue;
    copyFileSync(file, join(folder, fileName));
    return values;
  }
  return undefined;
}
