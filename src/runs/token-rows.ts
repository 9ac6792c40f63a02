/** The tokens of one completion out of a file of many: its header and the columns' own parts are read, not the whole. */
import { type FileHandle, open } from 'node:fs/promises';
import { DataError } from '../errors.ts';
import { type ColumnPlace, parseSafetensorsHeader } from './safetensors-columns.ts';

/** Which completions a file has tokens of. Entry c of each column is completion c. */
export interface TokenIndex {
  readonly columns: ReadonlyMap<string, ColumnPlace>;
  readonly offsets: readonly number[];
  /** Empty in files of early versions. */
  readonly completionSteps: readonly number[];
  readonly completions: readonly number[];
  readonly promptLengths: readonly number[];
}

/** The columns of one completion, token by token; empty where the file has none. */
export interface TokenRow {
  readonly tokenIds: readonly number[];
  readonly positions: readonly number[];
  readonly logprobs: readonly number[];
  readonly entropies: readonly number[];
  readonly advantages: readonly number[];
  readonly ratios: readonly number[];
  readonly trainedMask: readonly number[];
}

const LENGTH_BYTES = 8;
/** A header has about a hundred bytes for each of a dozen columns. */
const MOST_HEADER_BYTES = 2 ** 20;
const MOST_COLUMN_BYTES = 2 ** 30;

/**
 * Reads which completions a file of tokens holds.
 * @throws DataError for a file that is cut short or is none.
 */
export async function readTokenIndex(file: string): Promise<TokenIndex> {
  return withFile(file, async (handle) => {
    const length = Number((await readBytes(handle, file, 0, LENGTH_BYTES)).readBigUInt64LE());
    if (length > MOST_HEADER_BYTES) throw new DataError('is no safetensors file', { file });
    const header = await readBytes(handle, file, LENGTH_BYTES, length);
    const columns = parseSafetensorsHeader(header, LENGTH_BYTES + length, file);
    const column = (name: string) => readColumn(handle, file, columns.get(name));
    return {
      columns,
      offsets: await column('offsets'),
      completionSteps: await column('completion_steps'),
      completions: await column('completions'),
      promptLengths: await column('prompt_lengths'),
    };
  });
}

/** Reads the tokens of completion `row` of a file. */
export async function readTokenRow(
  file: string,
  { columns, offsets }: TokenIndex,
  row: number,
): Promise<TokenRow> {
  const [start = 0, end = 0] = offsets.slice(row, row + 2);
  return withFile(file, async (handle) => {
    const column = (name: string) => readColumn(handle, file, columns.get(name), start, end);
    return {
      tokenIds: await column('token_ids'),
      positions: await column('positions'),
      logprobs: await column('logprobs'),
      entropies: await column('entropies'),
      advantages: await column('advantages'),
      ratios: await column('ratios'),
      trainedMask: await column('trained_mask'),
    };
  });
}

async function withFile<Result>(
  file: string,
  read: (handle: FileHandle) => Promise<Result>,
): Promise<Result> {
  const handle = await open(file);
  try {
    return await read(handle);
  } finally {
    await handle.close();
  }
}

async function readBytes(
  handle: FileHandle,
  file: string,
  offset: number,
  sizeBytes: number,
): Promise<Buffer> {
  if (!(sizeBytes >= 0 && sizeBytes <= MOST_COLUMN_BYTES))
    throw new DataError(`has a column of ${sizeBytes} bytes`, { file });
  const bytes = Buffer.alloc(sizeBytes);
  const { bytesRead } = await handle.read(bytes, 0, sizeBytes, offset);
  if (bytesRead < sizeBytes) throw new DataError('is cut short', { file });
  return bytes;
}

async function readColumn(
  handle: FileHandle,
  file: string,
  place: ColumnPlace | undefined,
  start = 0,
  end = place?.length ?? 0,
): Promise<number[]> {
  if (place === undefined || place.length === 0) return [];
  const { type, offset } = place;
  const width = type.BYTES_PER_ELEMENT;
  const bytes = await readBytes(handle, file, offset + start * width, (end - start) * width);
  return Array.from(new type(Uint8Array.from(bytes).buffer));
}
