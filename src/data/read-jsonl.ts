import { isUtf8 } from 'node:buffer';
import { DataError } from '../errors.ts';
import { type Line, readLines } from './lines.ts';
import { isColumns, kindOf, type RowResult } from './row-result.ts';

/** Limits of reading line by line. */
export interface ReadJsonlOptions {
  /** A longer line is a bad row and is never held in memory. Default 64 MiB. */
  readonly maxLineBytes?: number;
}

const BYTE_ORDER_MARK = Buffer.of(0xef, 0xbb, 0xbf);

/** Says what a file is that cannot be JSONL in UTF-8, from its first bytes. */
export function foreignEncoding(bytes: Buffer): string | undefined {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return 'the file is UTF-16; save it as UTF-8';
  }
  if (first === 0x1f && second === 0x8b) return 'the file is compressed by gzip; unpack it first';
  return undefined;
}

/** Removes a byte order mark. */
export function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
}

function parseLine(bytes: Buffer, isFirst: boolean): RowResult['columns'] | string {
  if (!isUtf8(bytes)) return 'the line is not valid UTF-8';
  const text = bytes.toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (isColumns(value)) return value;
    const hint = Array.isArray(value) ? '; a file that is one JSON array is named .json' : '';
    return `expected a JSON object per line, found ${kindOf(value)}${hint}`;
  } catch (error) {
    const hint =
      isFirst && /^\s*[[{]\s*$/.test(text)
        ? '; the file looks like one JSON document over several lines: name it .json'
        : '';
    return `not valid JSON: ${(error as Error).message}${hint}`;
  }
}

function readLine(file: string, line: Line, bytes: Buffer, isFirst: boolean): RowResult {
  const result = line.tooLong
    ? 'the line is longer than the limit; is this one JSON document per line?'
    : parseLine(bytes, isFirst);
  if (typeof result !== 'string') return { columns: result!, line: line.number };
  return { error: new DataError(result, { file, line: line.number }) };
}

/** Reads JSON objects, one per line; blank lines, a byte order mark and `\r\n` are passed over. */
export async function* readJsonl(
  file: string,
  options: ReadJsonlOptions = {},
): AsyncGenerator<RowResult> {
  let isFirst = true;
  for await (const line of readLines(file, options)) {
    if (line.number === 1) {
      const foreign = foreignEncoding(line.bytes);
      if (foreign) throw new DataError(foreign, { file });
    }
    const bytes = line.number === 1 ? withoutByteOrderMark(line.bytes) : line.bytes;
    if (!line.tooLong && bytes.every((byte) => byte === 0x20 || byte === 0x09)) continue;
    yield readLine(file, line, bytes, isFirst);
    isFirst = false;
  }
}
