import { createHash } from 'node:crypto';
import { DataError } from '../errors.ts';
import type { Columns, Example } from '../types.ts';

/** Rows in memory, in file order. */
export interface Dataset {
  /** As the user asked for it: a path, or a name. */
  readonly name: string;
  readonly rows: readonly Example[];
  /** Names found in any row, in the order of first appearance. */
  readonly columns: readonly string[];
  /** Rows left out because they could not be read (`skipBadRows`). */
  readonly badRows: number;
  /** Changes when any value of any row does; a resumed run compares it. */
  readonly fingerprint: string;
}

function columnNames(rows: readonly Columns[]): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row)) names.add(name);
  return [...names];
}

function fingerprint(rows: readonly Columns[]): string {
  const hash = createHash('sha256');
  for (const row of rows) hash.update(JSON.stringify(row)).update('\n');
  return hash.digest('hex').slice(0, 16);
}

/**
 * A dataset of rows made in code, or read by other means.
 * @throws DataError when there are none.
 */
export function datasetFromRows(
  name: string,
  rows: readonly Columns[],
  { badRows = 0 }: { badRows?: number } = {},
): Dataset {
  if (rows.length === 0) {
    const skipped = badRows === 0 ? '' : ` (${badRows} bad rows were skipped)`;
    throw new DataError(`dataset ${JSON.stringify(name)} has no rows${skipped}`);
  }
  return {
    name,
    rows: rows.map((columns, index) => ({ index, columns })),
    columns: columnNames(rows),
    badRows,
    fingerprint: fingerprint(rows),
  };
}
