import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { DataError } from '../errors.ts';
import type { Columns } from '../types.ts';
import { checkParquetFooter, checkParquetGroup } from './check-parquet.ts';
import { boundedCompressors as compressors } from './parquet-compressors.ts';
import type { RowResult } from './row-result.ts';

/** 64-bit integers become numbers where that is exact and decimal strings where not, so that rows stay JSON. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (Array.isArray(value)) return value.map(plain);
  if (
    value !== null &&
    typeof value === 'object' &&
    Object.getPrototypeOf(value) === Object.prototype
  ) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
  }
  return value;
}

/**
 * Reads a Parquet file one row group at a time, in any of the format's compressions. What a row group declares is checked
 * before room is made for it; see `ParquetBudget`.
 */
export async function* readParquet(filename: string): AsyncGenerator<RowResult> {
  try {
    const file = await asyncBufferFromFile(filename);
    await checkParquetFooter(file);
    const metadata = await parquetMetadataAsync(file, { geoparquet: false });
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      await checkParquetGroup(file, metadata, group);
      const rowEnd = rowStart + Number(group.num_rows);
      const rows = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd });
      for (const row of rows) yield { columns: plain(row) as Columns };
      rowStart = rowEnd;
    }
  } catch (cause) {
    throw new DataError(`cannot read this Parquet file: ${(cause as Error).message}`, {
      file: filename,
      cause,
    });
  }
}
