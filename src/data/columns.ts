import { nearestName } from '../config/index.ts';
import { DataError } from '../errors.ts';
import type { Columns, Example } from '../types.ts';
import type { Dataset } from './dataset.ts';

/** Says that a column is missing, which there are, and which was probably meant. */
export function missingColumn(
  column: string,
  columns: readonly string[],
  where: string,
): DataError {
  const nearest = nearestName(column, columns);
  const meant = nearest === undefined ? '' : `; did you mean ${JSON.stringify(nearest)}?`;
  return new DataError(
    `${where} has no column ${JSON.stringify(column)}; it has ${columns.join(', ') || 'none'}${meant}`,
  );
}

/**
 * Checks before the first step that a dataset has what a run will read.
 * @throws DataError that names the columns there are and the nearest one.
 */
export function requireColumns(dataset: Dataset, columns: readonly string[]): void {
  for (const column of columns) {
    if (dataset.columns.includes(column)) continue;
    throw missingColumn(column, dataset.columns, `dataset ${JSON.stringify(dataset.name)}`);
  }
}

/** The value of a column of one row, which must be there. */
export function columnOf(columns: Columns, column: string, where = 'the row'): unknown {
  if (Object.hasOwn(columns, column)) return columns[column];
  throw missingColumn(column, Object.keys(columns), where);
}

/** How messages name a row. */
export function rowName({ index }: Example): string {
  return `row ${index}`;
}
