import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';
import { DataError } from '../errors.ts';
import { readLines } from './lines.ts';
import { foreignEncoding } from './read-jsonl.ts';
import type { RowResult } from './row-result.ts';

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: Info;
}

/** Small, since all records of a chunk are parsed before the first is taken. */
const CHUNK_BYTES = 2 ** 16;
/** A longer record is an error; a quote that is never closed would otherwise take in the rest of the file. */
const MOST_RECORD_BYTES = 64 * 2 ** 20;

async function refuseEncoding(file: string, cause: unknown): Promise<never> {
  for await (const { number, bytes } of readLines(file)) {
    if (!isUtf8(bytes))
      throw new DataError('the line is not valid UTF-8', { file, line: number, cause });
  }
  throw new DataError('the file is not valid UTF-8', { file, cause });
}

/** The file's text without its byte order mark, piece by piece. */
async function* decodeFile(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = async (bytes: Uint8Array, stream: boolean): Promise<string> => {
    try {
      return decoder.decode(bytes, { stream });
    } catch (cause) {
      return refuseEncoding(file, cause);
    }
  };
  let isFirst = true;
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) {
    const foreign = isFirst ? foreignEncoding(chunk as Buffer) : undefined;
    if (foreign) throw new DataError(foreign, { file });
    isFirst = false;
    const text = await decode(chunk as Buffer, true);
    if (text !== '') yield text;
  }
  const rest = await decode(new Uint8Array(), false);
  if (rest !== '') yield rest;
}

/** Records, and what is wrong with those that cannot be parsed, in the order of the file. */
async function* parseRecords(file: string): AsyncGenerator<CsvRecord | CsvError> {
  const skipped: CsvError[] = [];
  const parser = parse({
    info: true,
    // Named, since detection goes by the first line alone and files mix them.
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: MOST_RECORD_BYTES,
    on_skip: (error) => {
      if (error) skipped.push(error);
    },
  });
  const text = Readable.from(decodeFile(file));
  text.on('error', (error) => parser.destroy(error));
  text.pipe(parser);
  try {
    for await (const record of parser) {
      yield* skipped.splice(0);
      yield record as CsvRecord;
    }
    yield* skipped.splice(0);
  } finally {
    text.destroy();
  }
}

function checkHeader(file: string, header: readonly string[]): void {
  for (const [index, name] of header.entries()) {
    const reason =
      name.trim() === ''
        ? `column ${index + 1} has no name`
        : header.indexOf(name) !== index
          ? `column ${JSON.stringify(name)} is named twice`
          : undefined;
    if (reason) {
      const found = `in the header ${JSON.stringify(header.join(','))}`;
      throw new DataError(`${reason} ${found}; the first line of a CSV file names its columns`, {
        file,
        line: 1,
      });
    }
  }
}

function toRow(file: string, header: readonly string[], { record, info }: CsvRecord): RowResult {
  if (record.length === header.length) {
    const columns = Object.fromEntries(header.map((name, index) => [name, record[index]]));
    return { columns, line: info.lines };
  }
  const reason = `expected ${header.length} values (${header.join(', ')}), found ${record.length}`;
  return { error: new DataError(reason, { file, line: info.lines }) };
}

function toError(file: string, cause: CsvError): DataError {
  const { lines } = cause as { lines?: number };
  return new DataError(cause.message, { file, cause, ...(lines && { line: lines }) });
}

/**
 * Reads comma-separated values with a header (RFC 4180: quotes, doubled quotes, line ends inside quotes) as a stream. All
 * values are strings.
 */
export async function* readCsv(file: string): AsyncGenerator<RowResult> {
  let header: readonly string[] | undefined;
  try {
    for await (const parsed of parseRecords(file)) {
      if (parsed instanceof Error) yield { error: toError(file, parsed) };
      else if (header !== undefined) yield toRow(file, header, parsed);
      else {
        header = parsed.record;
        checkHeader(file, header);
      }
    }
  } catch (cause) {
    if (cause instanceof DataError || (cause as NodeJS.ErrnoException).syscall) throw cause;
    throw new DataError((cause as Error).message, { file, cause });
  }
}
