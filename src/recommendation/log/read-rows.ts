import { extname } from 'node:path';
import { readCsv } from '../../data/read-csv.ts';
import { readJson } from '../../data/read-json.ts';
import { readJsonl } from '../../data/read-jsonl.ts';
import { readParquet } from '../../data/read-parquet.ts';
import type { RowReader, RowResult } from '../../data/row-result.ts';
import { DataError, LaurelError } from '../../errors.ts';
import { readAtomic } from './read-atomic.ts';

const READERS: Readonly<Record<string, RowReader>> = {
  '.csv': readCsv,
  '.jsonl': readJsonl,
  '.ndjson': readJsonl,
  '.json': readJson,
  '.parquet': readParquet,
  '.inter': readAtomic,
  '.item': readAtomic,
};

/**
 * Reads the rows of a log or of a list of items: CSV, JSON lines, a JSON array, Parquet, or RecBole's atomic files.
 * @throws DataError where the file as a whole cannot be read; a bad row is a result.
 */
export async function* readRows(file: string): AsyncGenerator<RowResult> {
  const reader = READERS[extname(file).toLowerCase()];
  if (reader === undefined)
    throw new DataError(
      `cannot tell the format from the name; readable are ${Object.keys(READERS).join(', ')}`,
      { file },
    );
  try {
    yield* reader(file);
  } catch (cause) {
    if (cause instanceof LaurelError) throw cause;
    throw new DataError(`cannot be read: ${(cause as Error).message}`, { file, cause });
  }
}

/** What is wrong with a row, its file and line before it. */
export const atLine = (file: string, line: number | undefined, problem: string): string =>
  new DataError(problem, { file, ...(line !== undefined && { line }) }).message;
