import { extname, join } from 'node:path';
import { DataError, LaurelError } from '../errors.ts';
import type { Columns } from '../types.ts';
import { type Dataset, datasetFromRows } from './dataset.ts';
import { downloadDatasetFiles } from './download-dataset.ts';
import type { OnDownload } from './hub-repo.ts';
import { type Environment, expandHome, listFolder, mappedPaths, pathKind } from './local-data.ts';
import { readCsv } from './read-csv.ts';
import { readJson } from './read-json.ts';
import { readJsonl } from './read-jsonl.ts';
import { readParquet } from './read-parquet.ts';
import type { RowReader, RowResult } from './row-result.ts';
import { DATA_EXTENSIONS, type SplitChoice, splitFiles } from './split-files.ts';

/** What of a dataset to load, and what to do about rows that cannot be read. */
export interface LoadDatasetOptions extends SplitChoice {
  /** Branch, tag or commit of a Hub dataset. Default `main`. */
  readonly revision?: string;
  /** Count malformed rows and go on, instead of stopping at the first. Default false. */
  readonly skipBadRows?: boolean;
  /** Load no more than this many rows. */
  readonly limit?: number;
  /** Default `process.env`: `LAUREL_DATA`, `HF_HOME`, `HF_HUB_CACHE`, `HF_TOKEN`, `HF_ENDPOINT`, `HF_HUB_OFFLINE`. */
  readonly environment?: Environment;
  /** Called before each file that the Hub has to send. */
  readonly onDownload?: OnDownload;
}

const READERS: Record<(typeof DATA_EXTENSIONS)[number], RowReader> = {
  jsonl: readJsonl,
  json: readJson,
  csv: readCsv,
  parquet: readParquet,
};
const HUB_NAME = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

function readerOf(file: string): RowReader {
  const extension = extname(file).slice(1).toLowerCase();
  const reader = READERS[extension as keyof typeof READERS];
  if (reader) return reader;
  const readable = DATA_EXTENSIONS.map((known) => `.${known}`).join(', ');
  throw new DataError(
    `cannot tell the format from the ending ${JSON.stringify(extension)}; readable are ${readable}`,
    { file },
  );
}

function filesAt(path: string, options: LoadDatasetOptions): string[] {
  if (pathKind(path) === 'file') return [path];
  return splitFiles(listFolder(path), path, options).map((file) => join(path, file));
}

/** Where a dataset's files are: a path, a name that LAUREL_DATA maps, or a name on the Hub, tried in this order. */
async function locate(name: string, options: LoadDatasetOptions): Promise<string[]> {
  const environment = options.environment ?? process.env;
  const candidates = [expandHome(name), ...mappedPaths(name, environment)];
  const found = candidates.find((path) => pathKind(path) !== undefined);
  if (found !== undefined) return filesAt(found, options);
  if (extname(name).slice(1) in READERS || !HUB_NAME.test(name)) {
    throw new DataError('no such file or folder', { file: name });
  }
  return downloadDatasetFiles(name, { ...options, environment, lookedAt: candidates });
}

async function* readFileRows(file: string): AsyncGenerator<RowResult> {
  try {
    yield* readerOf(file)(file);
  } catch (cause) {
    if (cause instanceof LaurelError) throw cause;
    throw new DataError(`cannot be read: ${(cause as Error).message}`, { file, cause });
  }
}

async function readRows(files: readonly string[], options: LoadDatasetOptions) {
  const { skipBadRows = false, limit = Number.POSITIVE_INFINITY } = options;
  const rows: Columns[] = [];
  let badRows = 0;
  let firstError: DataError | undefined;
  for (const file of files) {
    if (rows.length >= limit) break;
    for await (const { columns, error } of readFileRows(file)) {
      if (columns) rows.push(columns);
      else if (!skipBadRows) throw error;
      else {
        badRows += 1;
        firstError ??= error;
      }
      if (rows.length >= limit) break;
    }
  }
  if (rows.length === 0 && firstError) {
    throw new DataError(`all ${badRows} rows are bad; the first: ${firstError.message}`, {
      cause: firstError,
    });
  }
  return { rows, badRows };
}

/**
 * Loads a dataset by path (file or folder) or by name (`LAUREL_DATA`, then the Hugging Face Hub and its offline cache):
 * JSONL, JSON, CSV or Parquet, by file name.
 * @throws DataError with file, line and reason, at the first row that cannot be read unless `skipBadRows`.
 */
export async function loadDataset(
  name: string,
  options: LoadDatasetOptions = {},
): Promise<Dataset> {
  const files = await locate(name, options);
  const { rows, badRows } = await readRows(files, options);
  return datasetFromRows(name, rows, { badRows });
}
