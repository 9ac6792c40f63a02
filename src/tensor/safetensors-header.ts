import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CheckpointError } from '../errors.ts';
import { type DType, dtypeBytes } from './dtype.ts';

/** safetensors' dtype names that Laurel has a tensor for. */
export const safetensorsDTypes: Readonly<Record<string, DType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
};

/** The largest header the format's own library accepts. */
const maxHeaderBytes = 100_000_000;

/** Where one tensor lies in a safetensors file. */
export interface SafetensorsEntry {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** First byte, counted from the start of the file. */
  readonly start: number;
  readonly sizeBytes: number;
}

/** The table of contents of a safetensors file. */
export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fileBytes: number;
}

function refuse(file: string, reason: string, cause?: unknown): never {
  throw new CheckpointError(
    `${file}: ${reason}`,
    cause === undefined ? undefined : { cause: cause as Error },
  );
}

/** The keys of a JSON object's outermost level, repeated ones too, which JSON.parse would drop in silence. */
function outerKeys(json: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  let expectsKey = false;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    if (token === '{' || token === '[') {
      depth += 1;
      expectsKey = depth === 1;
    } else if (token === '}' || token === ']') depth -= 1;
    else if (token === ',') expectsKey = depth === 1;
    else if (token !== ':' && expectsKey && depth === 1) {
      keys.push(JSON.parse(token) as string);
      expectsKey = false;
    }
  }
  return keys;
}

function refuseDuplicates(file: string, json: string): void {
  const seen = new Set<string>();
  for (const key of outerKeys(json)) {
    if (seen.has(key)) refuse(file, `the header names '${key}' twice`);
    seen.add(key);
  }
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

function parseEntry(
  file: string,
  name: string,
  value: unknown,
  dataStart: number,
): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const known = typeof dtype === 'string' ? safetensorsDTypes[dtype] : undefined;
  if (known === undefined) {
    const supported = Object.keys(safetensorsDTypes).join(', ');
    return refuse(
      file,
      `tensor '${name}' has dtype ${JSON.stringify(dtype)}, expected one of ${supported}`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    return refuse(
      file,
      `tensor '${name}' has shape ${JSON.stringify(shape)}, expected a list of sizes`,
    );
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    return refuse(
      file,
      `tensor '${name}' has data_offsets ${JSON.stringify(offsets)}, expected [begin, end]`,
    );
  }
  const [begin, end] = offsets as [number, number];
  const expected = shape.reduce(
    (product: number, size: number) => product * size,
    dtypeBytes(known),
  );
  if (end - begin !== expected) {
    return refuse(
      file,
      `tensor '${name}' of ${dtype} [${shape.join(', ')}] needs ${expected} bytes, its offsets [${begin}, ${end}] span ${end - begin}`,
    );
  }
  return { dtype: known, shape, start: dataStart + begin, sizeBytes: expected };
}

/** Tensors must follow each other without gap or overlap, up to the end of the file. */
function checkLayout(file: string, header: SafetensorsHeader, dataStart: number): void {
  const sorted = [...header.entries].sort(
    ([, a], [, b]) => a.start - b.start || a.sizeBytes - b.sizeBytes,
  );
  let position = dataStart;
  for (const [name, { start, sizeBytes }] of sorted) {
    if (start !== position) {
      const fault = start < position ? 'overlaps the tensor before it' : 'leaves a gap before it';
      refuse(file, `tensor '${name}' ${fault}: it starts at byte ${start}, expected ${position}`);
    }
    position += sizeBytes;
  }
  if (position !== header.fileBytes) {
    const fault =
      position > header.fileBytes ? 'the file is truncated' : 'the file has trailing bytes';
    refuse(
      file,
      `${fault}: the header describes ${position} bytes, the file has ${header.fileBytes}`,
    );
  }
}

function readExactly(descriptor: number, length: number, position: number): Buffer {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(descriptor, buffer, filled, length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

function parseHeader(file: string, bytes: Buffer, fileBytes: number): SafetensorsHeader {
  let json: string;
  let parsed: unknown;
  try {
    json = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    parsed = JSON.parse(json);
  } catch (cause) {
    return refuse(file, `the header is not JSON: ${(cause as Error).message}`, cause);
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) {
    return refuse(file, 'the header is not a JSON object');
  }
  refuseDuplicates(file, json);
  const dataStart = 8 + bytes.length;
  const entries = new Map<string, SafetensorsEntry>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (name === '__metadata__') metadata = value as Record<string, string>;
    else entries.set(name, parseEntry(file, name, value, dataStart));
  }
  const header = { entries, metadata, fileBytes };
  checkLayout(file, header, dataStart);
  return header;
}

function open(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (cause) {
    return refuse(file, `cannot be opened (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
}

/** Reads and checks the table of contents. @throws CheckpointError naming the file, the tensor and what is wrong. */
export function readSafetensorsHeader(file: string): SafetensorsHeader {
  const descriptor = open(file);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) refuse(file, 'not a file');
    const prefix = readExactly(descriptor, 8, 0);
    if (prefix.length < 8)
      refuse(file, `truncated: ${prefix.length} bytes, a safetensors file has at least 10`);
    const length = Number(prefix.readBigUInt64LE());
    if (length > maxHeaderBytes) {
      refuse(
        file,
        `the header claims ${length} bytes, more than the format's limit of ${maxHeaderBytes}; is this a safetensors file?`,
      );
    }
    if (8 + length > stat.size) {
      refuse(file, `truncated: the header needs ${8 + length} bytes, the file has ${stat.size}`);
    }
    return parseHeader(file, readExactly(descriptor, length, 8), stat.size);
  } finally {
    closeSync(descriptor);
  }
}
