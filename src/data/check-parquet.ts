// Checks a Parquet file's claims before the library that reads it makes arrays of them.
import type { AsyncBuffer, ColumnMetaData, FileMetaData, SchemaTree } from 'hyparquet';
import { parquetSchema } from 'hyparquet';
import { DataError } from '../errors.ts';
import { checkPage, type PageColumn } from './check-parquet-page.ts';
import { CompactReader } from './compact-thrift.ts';
import { ParquetBudget } from './parquet-budget.ts';

const FOOTER_END = 8;
const MAGIC = 'PAR1';

/** @throws DataError where the footer's lengths do not fit its bytes. */
export async function checkParquetFooter(file: AsyncBuffer): Promise<void> {
  const size = file.byteLength;
  const end = Buffer.from(await file.slice(Math.max(0, size - FOOTER_END), size));
  if (size < FOOTER_END + MAGIC.length || end.toString('latin1', 4) !== MAGIC) {
    throw new DataError(`expected a file that ends with ${MAGIC}; is it cut off?`);
  }
  const length = end.readUInt32LE(0);
  if (length + FOOTER_END + MAGIC.length > size) {
    throw new DataError(`its footer claims ${length} bytes, and the file has ${size}`);
  }
  const footer = await file.slice(size - FOOTER_END - length, size - FOOTER_END);
  new CompactReader(new Uint8Array(footer)).struct();
}

/** The elements from the root to a column; the library has no public function for it. */
function pathTo(root: SchemaTree, names: readonly string[]): SchemaTree[] {
  const path = [root];
  for (const name of names) {
    const next = path.at(-1)!.children.find(({ element }) => element.name === name);
    if (next === undefined) throw new DataError(`the schema has no column ${names.join('.')}`);
    path.push(next);
  }
  return path;
}

function pageColumn(column: ColumnMetaData, path: readonly SchemaTree[], rows: number): PageColumn {
  const kinds = path.slice(1).map(({ element }) => element.repetition_type);
  return {
    type: column.type,
    codec: column.codec,
    typeLength: path.at(-1)!.element.type_length ?? 0,
    maxRepetition: kinds.filter((kind) => kind === 'REPEATED').length,
    maxDefinition: kinds.filter((kind) => kind !== 'REQUIRED').length,
    flatRows: path.length === 2 && kinds[0] !== 'REPEATED' ? rows : undefined,
  };
}

/** The bytes of a column in a row group. */
function rangeOf(column: ColumnMetaData, fileBytes: number): [from: number, to: number] {
  const { dictionary_page_offset: dictionary, data_page_offset: data } = column;
  const from = Number(dictionary || data);
  const to = from + Number(column.total_compressed_size);
  if (from >= 0 && from < to && to <= fileBytes) return [from, to];
  throw new DataError(
    `column ${column.path_in_schema.join('.')} claims bytes ${from} to ${to}, and the file has ${fileBytes}`,
  );
}

/** @throws DataError where a row group declares more than its pages hold, or than a file of its size may unpack to. */
export async function checkParquetGroup(
  file: AsyncBuffer,
  metadata: FileMetaData,
  group: FileMetaData['row_groups'][number],
): Promise<void> {
  const budget = new ParquetBudget(file.byteLength);
  const schema = parquetSchema(metadata);
  const rows = Number(group.num_rows);
  budget.takeValues(rows);
  const seen = new Set<SchemaTree>();
  for (const { meta_data: column } of group.columns) {
    if (column === undefined) throw new DataError('a column has no metadata');
    const path = pathTo(schema, column.path_in_schema);
    const leaf = path.at(-1)!;
    // The library starts to read what it does not wait for, where a column is no leaf or is there twice.
    if (leaf === schema || leaf.children.length > 0 || seen.has(leaf))
      throw new DataError(
        `column ${column.path_in_schema.join('.')} is no leaf, or is there twice`,
      );
    seen.add(leaf);
    const [from, to] = rangeOf(column, file.byteLength);
    const bytes = new Uint8Array(await file.slice(from, to));
    checkPages(bytes, pageColumn(column, path, rows), budget);
  }
}

/** As the library does, stops once a flat column has all its rows, and where one byte is left. */
function checkPages(bytes: Uint8Array, column: PageColumn, budget: ParquetBudget): void {
  const { flatRows = Number.POSITIVE_INFINITY } = column;
  const reader = new CompactReader(bytes);
  for (let values = 0; values < flatRows && reader.left > 1; ) {
    values += checkPage(reader, column, budget);
  }
}
