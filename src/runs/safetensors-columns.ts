/** One-dimensional columns in the safetensors layout: 8 bytes of header length, a JSON header, the data. */
import { DataError } from '../errors.ts';

/** A column of numbers. */
export type Column = Float32Array | Int32Array | Uint8Array;

const dtypes = { F32: Float32Array, I32: Int32Array, U8: Uint8Array } as const;
type Dtype = keyof typeof dtypes;

interface HeaderEntry {
  dtype: Dtype;
  shape: [number];
  data_offsets: [start: number, end: number];
}

/** Encodes columns; widest items first, so that each stays aligned. */
export function encodeSafetensors(
  columns: Readonly<Record<string, Column>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const ordered = Object.entries(columns).sort(
    ([, left], [, right]) => right.BYTES_PER_ELEMENT - left.BYTES_PER_ELEMENT,
  );
  const header: Record<string, HeaderEntry | Readonly<Record<string, string>>> = {
    __metadata__: metadata,
  };
  let end = 0;
  for (const [name, column] of ordered) {
    const start = end;
    end += column.byteLength;
    header[name] = { dtype: dtypeOf(column), shape: [column.length], data_offsets: [start, end] };
  }
  const json = JSON.stringify(header);
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const bytes = new Uint8Array(8 + text.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  let offset = 8 + text.length;
  for (const [, column] of ordered) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), offset);
    offset += column.byteLength;
  }
  return bytes;
}

/**
 * Decodes what {@link encodeSafetensors} wrote.
 * @throws DataError when the bytes are cut short or of another type.
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  file: string,
): { columns: Record<string, Column>; metadata: Record<string, string> } {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
  const headerLength = copy.length < 8 ? Number.NaN : Number(view.getBigUint64(0, true));
  if (!(8 + headerLength <= copy.length))
    throw new DataError('is cut short: the header is incomplete', { file });
  const header = JSON.parse(new TextDecoder().decode(copy.subarray(8, 8 + headerLength))) as Record<
    string,
    HeaderEntry
  >;
  const { __metadata__: metadata = {}, ...entries } = header;
  const columns: Record<string, Column> = {};
  for (const [
    name,
    {
      dtype,
      data_offsets: [start, end],
    },
  ] of Object.entries(entries)) {
    const type = dtypes[dtype];
    if (type === undefined)
      throw new DataError(`column ${name} has type ${dtype}, expected F32, I32 or U8`, { file });
    const from = 8 + headerLength + start;
    if (8 + headerLength + end > copy.length)
      throw new DataError(`is cut short: column ${name} is incomplete`, { file });
    columns[name] = new type(
      copy.buffer.slice(copy.byteOffset + from, copy.byteOffset + 8 + headerLength + end),
    );
  }
  return { columns, metadata: metadata as unknown as Record<string, string> };
}

/** Where a column lies in its file. */
export interface ColumnPlace {
  readonly type: (typeof dtypes)[Dtype];
  readonly length: number;
  /** From the start of the file, bytes. */
  readonly offset: number;
}

/**
 * Where the columns of a file lie, by name.
 * @param dataStart - Offset of the data in the file, bytes.
 * @throws DataError for what is no header, or has columns of another type.
 */
export function parseSafetensorsHeader(
  header: Uint8Array,
  dataStart: number,
  file: string,
): Map<string, ColumnPlace> {
  const { __metadata__: _, ...entries } = parseHeader(header, file);
  return new Map(
    Object.entries(entries).map(([name, { dtype, shape, data_offsets: offsets }]) => {
      const type = dtypes[dtype];
      if (type === undefined)
        throw new DataError(`column ${name} has type ${dtype}, expected F32, I32 or U8`, { file });
      return [name, { type, length: shape[0], offset: dataStart + offsets[0] }];
    }),
  );
}

function parseHeader(header: Uint8Array, file: string): Record<string, HeaderEntry> {
  try {
    return JSON.parse(new TextDecoder().decode(header)) as Record<string, HeaderEntry>;
  } catch (cause) {
    throw new DataError(`is no safetensors file: ${(cause as Error).message}`, { file, cause });
  }
}

function dtypeOf(column: Column): Dtype {
  if (column instanceof Float32Array) return 'F32';
  return column instanceof Int32Array ? 'I32' : 'U8';
}
