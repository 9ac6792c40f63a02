import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { DataError } from '../errors.ts';
import { foreignEncoding, withoutByteOrderMark } from './read-jsonl.ts';

function firstBadLine(bytes: Buffer): number {
  let number = 1;
  for (let start = 0; ; number++) {
    const end = bytes.indexOf(0x0a, start);
    if (end === -1 || !isUtf8(bytes.subarray(start, end))) return number;
    start = end + 1;
  }
}

/** Reads a whole file as UTF-8 without its byte order mark, refusing bytes that are not. */
export async function readText(file: string): Promise<string> {
  const bytes = await readFile(file);
  const foreign = foreignEncoding(bytes);
  if (foreign) throw new DataError(foreign, { file });
  if (!isUtf8(bytes)) {
    throw new DataError('the line is not valid UTF-8', { file, line: firstBadLine(bytes) });
  }
  return withoutByteOrderMark(bytes).toString('utf8');
}
