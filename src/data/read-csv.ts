import { type CsvError, type Info, parse } from 'csv-parse/sync';
import { DataError } from '../errors.ts';
import { readText } from './read-text.ts';
import type { RowResult } from './row-result.ts';

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: Info;
}

function parseRecords(text: string): { records: CsvRecord[]; skipped: CsvError[] } {
  const skipped: CsvError[] = [];
  const records = parse(text, {
    info: true,
    // Named, since detection goes by the first line alone and files mix them.
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error) skipped.push(error);
    },
  }) as unknown as CsvRecord[];
  return { records, skipped };
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

/** Reads comma-separated values with a header (RFC 4180: quotes, doubled quotes, line ends inside quotes). All values are strings. */
export async function* readCsv(file: string): AsyncGenerator<RowResult> {
  const { records, skipped } = parseRecords(await readText(file));
  const [first, ...rest] = records;
  if (first === undefined && skipped.length === 0) return;
  const header = first?.record ?? [];
  checkHeader(file, header);
  for (const error of skipped) {
    const { lines } = error as { lines?: number };
    yield {
      error: new DataError(error.message, { file, cause: error, ...(lines && { line: lines }) }),
    };
  }
  for (const { record, info } of rest) {
    if (record.length === header.length) {
      yield { columns: Object.fromEntries(header.map((name, index) => [name, record[index]])) };
    } else {
      const reason = `expected ${header.length} values (${header.join(', ')}), found ${record.length}`;
      yield { error: new DataError(reason, { file, line: info.lines }) };
    }
  }
}
