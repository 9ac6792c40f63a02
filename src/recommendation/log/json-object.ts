import { readText } from '../../data/read-text.ts';
import { isColumns, kindOf } from '../../data/row-result.ts';
import { DataError } from '../../errors.ts';
import type { Columns } from '../../types.ts';
import { parseJson } from './records.ts';

/**
 * Reads a file that is one JSON object, such as `{"item": …}`.
 * @throws DataError where it is not.
 */
export async function readJsonObject(file: string): Promise<Columns> {
  const value = parseJson(await readText(file), { file });
  if (isColumns(value)) return value;
  throw new DataError(`expected one JSON object, found ${kindOf(value)}`, { file });
}
