import { isColumns, kindOf } from '../../data/row-result.ts';
import { FindingCounter } from './finding.ts';
import { type ItemColumns, itemText } from './item-columns.ts';
import type { ItemTable, ItemText } from './item-table.ts';
import { readJsonObject } from './json-object.ts';

/** Reads `{"item": {"title": …, "description": …}}`. */
export async function readItemJson(file: string, columns: ItemColumns = {}): Promise<ItemTable> {
  const malformed = new FindingCounter('malformed_items', 'items that could not be read, left out');
  const items = new Map<string, ItemText>();
  for (const [key, row] of Object.entries(await readJsonObject(file))) {
    if (isColumns(row)) items.set(key, itemText(row, columns));
    else malformed.add(() => `${file}: item ${key}: expected an object, found ${kindOf(row)}`);
  }
  return { items, findings: malformed.findings() };
}
