import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CheckpointError } from '../errors.ts';
import { readSafetensors, type SafetensorsFile } from './safetensors.ts';
import { replaceFile, writeSafetensors } from './safetensors-write.ts';
import type { Tensor } from './tensor.ts';

/** Tensors of a folder, whichever file each lies in. */
export interface SafetensorsFolder {
  readonly names: readonly string[];
  /** The file that holds the named tensor. */
  file(name: string): SafetensorsFile;
  tensor(name: string): Tensor;
}

function folderOf(files: ReadonlyMap<string, SafetensorsFile>, where: string): SafetensorsFolder {
  const file = (name: string): SafetensorsFile => {
    const found = files.get(name);
    if (found === undefined) throw new CheckpointError(`${where}: has no tensor '${name}'`);
    return found;
  };
  return { names: [...files.keys()], file, tensor: (name) => file(name).tensor(name) };
}

function readWeightMap(index: string): Record<string, string> {
  let map: unknown;
  try {
    map = (JSON.parse(readFileSync(index, 'utf8')) as { weight_map?: unknown }).weight_map;
  } catch (cause) {
    throw new CheckpointError(`${index}: not JSON: ${(cause as Error).message}`, { cause });
  }
  if (map === null || typeof map !== 'object' || Array.isArray(map)) {
    throw new CheckpointError(`${index}: expected an object 'weight_map' from tensor to file`);
  }
  for (const [name, file] of Object.entries(map)) {
    if (typeof file !== 'string' || basename(file) !== file) {
      throw new CheckpointError(
        `${index}: tensor '${name}' lies in ${JSON.stringify(file)}, expected a file name in this folder`,
      );
    }
  }
  return map as Record<string, string>;
}

function readSharded(folder: string, index: string): SafetensorsFolder {
  const opened = new Map<string, SafetensorsFile>();
  const files = new Map<string, SafetensorsFile>();
  for (const [name, shard] of Object.entries(readWeightMap(index))) {
    const file = opened.get(shard) ?? readSafetensors(join(folder, shard));
    opened.set(shard, file);
    file.entry(name);
    files.set(name, file);
  }
  return folderOf(files, index);
}

/**
 * Opens the safetensors of a folder: `<stem>.safetensors`, or the shards that `<stem>.safetensors.index.json` lists.
 * @throws CheckpointError when neither is there, or a shard is missing or malformed.
 */
export function readSafetensorsFolder(folder: string, stem = 'model'): SafetensorsFolder {
  const single = join(folder, `${stem}.safetensors`);
  const index = `${single}.index.json`;
  if (existsSync(single)) {
    const file = readSafetensors(single);
    return folderOf(new Map(file.names.map((name) => [name, file])), single);
  }
  if (existsSync(index)) return readSharded(folder, index);
  throw new CheckpointError(`${folder}: has neither ${basename(single)} nor ${basename(index)}`);
}

/** Fills shards in order; a tensor larger than the limit has one to itself. */
function partition(
  tensors: ReadonlyMap<string, Tensor>,
  maxShardBytes: number,
): Map<string, Tensor>[] {
  const shards = [new Map<string, Tensor>()];
  let filled = 0;
  for (const [name, tensor] of tensors) {
    if (filled > 0 && filled + tensor.nbytes > maxShardBytes) {
      shards.push(new Map());
      filled = 0;
    }
    shards[shards.length - 1]!.set(name, tensor);
    filled += tensor.nbytes;
  }
  return shards;
}

function removeStale(folder: string, stem: string, written: ReadonlySet<string>): void {
  const shard = new RegExp(`^${stem}-\\d{5}-of-\\d{5}\\.safetensors$`);
  const fixed = [`${stem}.safetensors`, `${stem}.safetensors.index.json`];
  for (const name of readdirSync(folder)) {
    if ((shard.test(name) || fixed.includes(name)) && !written.has(name)) {
      rmSync(join(folder, name));
    }
  }
}

function writeIndex(file: string, shards: ReadonlyMap<string, ReadonlyMap<string, Tensor>>): void {
  const map: Record<string, string> = {};
  let bytes = 0;
  for (const [shard, tensors] of shards) {
    for (const [name, tensor] of tensors) {
      map[name] = shard;
      bytes += tensor.nbytes;
    }
  }
  const index = { metadata: { total_size: bytes }, weight_map: map };
  replaceFile(file, (write) => write(Buffer.from(`${JSON.stringify(index, null, 2)}\n`)));
}

export interface WriteSafetensorsFolderOptions {
  /** Tensors are spread over several files of at most this size; default 5 GB, as in transformers 4.x. */
  maxShardBytes?: number;
  stem?: string;
}

/**
 * Writes tensors to a folder: one `<stem>.safetensors`, or above `maxShardBytes` numbered shards and an index,
 * written last. Files of an earlier layout are removed afterwards.
 */
export function writeSafetensorsFolder(
  folder: string,
  tensors: ReadonlyMap<string, Tensor>,
  { maxShardBytes = 5e9, stem = 'model' }: WriteSafetensorsFolderOptions = {},
): void {
  const parts = partition(tensors, maxShardBytes);
  if (parts.length === 1) {
    writeSafetensors(join(folder, `${stem}.safetensors`), tensors);
    removeStale(folder, stem, new Set([`${stem}.safetensors`]));
    return;
  }
  const digits = (value: number) => String(value).padStart(5, '0');
  const shards = new Map(
    parts.map((part, i) => [
      `${stem}-${digits(i + 1)}-of-${digits(parts.length)}.safetensors`,
      part,
    ]),
  );
  for (const [name, part] of shards) writeSafetensors(join(folder, name), part);
  const index = `${stem}.safetensors.index.json`;
  writeIndex(join(folder, index), shards);
  removeStale(folder, stem, new Set([...shards.keys(), index]));
}
