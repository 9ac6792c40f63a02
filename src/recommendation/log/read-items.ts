import { extname } from 'node:path';
import { missingColumn } from '../../data/columns.ts';
import { readText } from '../../data/read-text.ts';
import { isColumns } from '../../data/row-result.ts';
import { DataError } from '../../errors.ts';
import type { Columns } from '../../types.ts';
import { FindingCounter } from './finding.ts';
import { ITEM_KEY_NAMES, type ItemColumns, itemText } from './item-columns.ts';
import type { ItemTable, ItemText } from './item-table.ts';
import { isKey } from './read-inter-json.ts';
import { readItemJson } from './read-item-json.ts';
import { atLine, readRows } from './read-rows.ts';

/**
 * Reads what is written about items: rows of any readable format with a column that names the item, or one JSON object
 * `{"item": {"title": …}}`. A row of an item that came before is left out, and counted.
 */
export async function readItems(file: string, columns: ItemColumns = {}): Promise<ItemTable> {
  if (await isItemObject(file)) return readItemJson(file, columns);
  const malformed = new FindingCounter('malformed_items', 'items that could not be read, left out');
  const repeated = new FindingCounter(
    'repeated_items',
    'rows of an item that came before in the items file, left out',
  );
  const items = new Map<string, ItemText>();
  let keyColumn: string | undefined;
  for await (const { columns: row, error, line } of withLines(file)) {
    if (error) {
      malformed.add(() => error.message);
      continue;
    }
    keyColumn ??= findKeyColumn(file, row, columns);
    const key = row[keyColumn];
    if (!isKey(key)) malformed.add(() => atLine(file, line, `${keyColumn} names no item`));
    else if (items.has(String(key).trim())) repeated.add(() => atLine(file, line, `item ${key}`));
    else items.set(String(key).trim(), itemText(row, columns));
  }
  return { items, findings: [...malformed.findings(), ...repeated.findings()] };
}

async function* withLines(file: string) {
  for await (const result of readRows(file))
    yield result.error
      ? { columns: undefined, error: result.error, line: undefined }
      : { columns: result.columns, error: undefined, line: result.line };
}

/** Whether a file is one JSON object of objects, unlike a single row. */
async function isItemObject(file: string): Promise<boolean> {
  if (extname(file).toLowerCase() !== '.json') return false;
  try {
    const value: unknown = JSON.parse(await readText(file));
    return isColumns(value) && Object.values(value).some(isColumns);
  } catch (error) {
    // Not one document: rows of JSON lines, or an error that the reader of rows says with its place.
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function findKeyColumn(file: string, row: Columns, { item }: ItemColumns): string {
  const names = Object.keys(row);
  if (item !== undefined) {
    if (names.includes(item)) return item;
    throw missingColumn(item, names, file);
  }
  const found = ITEM_KEY_NAMES.find((name) => names.includes(name));
  if (found !== undefined) return found;
  throw new DataError(
    `cannot tell which column names the item (such as item_id); it has ${names.join(', ')}; name it with --item_key_column`,
    { file },
  );
}
