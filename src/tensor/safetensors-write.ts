import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { CheckpointError } from '../errors.ts';
import { type DType, dtypeBytes } from './dtype.ts';
import { safetensorsDTypes } from './safetensors-header.ts';
import type { Tensor } from './tensor.ts';

const formatNames = new Map<DType, string>(
  Object.entries(safetensorsDTypes).map(([name, dtype]) => [dtype, name]),
);

/** One write call takes at most this much: a Node buffer argument is limited to 2 GiB. */
const writeBytes = 1 << 28;

function writeFully(descriptor: number, bytes: Uint8Array): void {
  for (let start = 0; start < bytes.length; ) {
    start += writeSync(descriptor, bytes, start, Math.min(writeBytes, bytes.length - start));
  }
}

/** Makes a rename or a new file survive a power cut. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Replaces a file as a whole: `fill` writes a temporary file beside it, which is synced to disk and renamed over it.
 * Whatever goes wrong, readers see the old file or the new one, never a part.
 */
export function replaceFile(
  file: string,
  fill: (write: (bytes: Uint8Array) => void) => void,
): void {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    const descriptor = openSync(temporary, 'wx');
    try {
      fill((bytes) => writeFully(descriptor, bytes));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
    syncFolder(dirname(file));
  } catch (cause) {
    rmSync(temporary, { force: true });
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
    throw new CheckpointError(`${file}: cannot be written: ${cause.message}`, { cause });
  }
}

function bytesOf(tensor: Tensor): Uint8Array {
  const array = tensor.toTypedArray();
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Widest elements first, so that each tensor starts at a multiple of its element size; then by name. */
const inFileOrder = ([a, x]: [string, Tensor], [b, y]: [string, Tensor]): number =>
  dtypeBytes(y.dtype) - dtypeBytes(x.dtype) || (a < b ? -1 : a > b ? 1 : 0);

function headerOf(
  tensors: readonly [string, Tensor][],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let position = 0;
  for (const [name, tensor] of tensors) {
    const end = position + tensor.nbytes;
    header[name] = {
      dtype: formatNames.get(tensor.dtype),
      shape: tensor.shape,
      data_offsets: [position, end],
    };
    position = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padding = -json.length & 7;
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length + padding));
  return Buffer.concat([prefix, json, Buffer.alloc(padding, ' ')]);
}

export interface WriteSafetensorsOptions {
  /** Kept in the header; `format: 'pt'` tells transformers which framework's layout this is. */
  metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes tensors of any device to a safetensors file, whole or not at all.
 * @throws CheckpointError when the file cannot be written.
 */
export function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, Tensor>,
  { metadata = { format: 'pt' } }: WriteSafetensorsOptions = {},
): void {
  const sorted = [...tensors].sort(inFileOrder);
  replaceFile(file, (write) => {
    write(headerOf(sorted, metadata));
    for (const [, tensor] of sorted) write(bytesOf(tensor));
  });
}
