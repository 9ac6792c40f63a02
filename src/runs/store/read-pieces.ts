/**
 * Reading a series: its points, or, of a long one, blocks of 16 or 256 with the points at both ends. Columns come as one text each,
 * since a row at a time costs more than the query; 17 digits give every number back exactly.
 */
import type { Database } from './database.ts';
import type { Piece } from './down-sample.ts';
import { BLOCK_SIZES } from './run-index.ts';

/** A run's metric. */
export interface SeriesPlace {
  readonly runId: number;
  readonly keyId: number;
}

/** Steps, both inclusive. */
export interface StepRange {
  readonly from: number;
  readonly to: number;
}

/** The points in a range, or, where `maxPoints` blocks or more lie within it, those blocks: the largest of which that holds. */
export function readPieces(
  database: Database,
  place: SeriesPlace,
  range: StepRange,
  maxPoints: number,
): Piece[] {
  const blocks = BLOCK_SIZES.map((size) => innerBlocks(database, { ...place, size }, range))
    // Without the first and the last, whose points are read: the ends of a series are exact.
    .findLast(({ count }) => count - 2 >= maxPoints);
  if (blocks === undefined) return readPoints(database, place, range);
  const inner = readBlocks(database, { ...place, size: blocks.size }, blocks).slice(1, -1);
  const [start, end] = [inner[0]!.firstStep, inner.at(-1)!.lastStep];
  return [
    ...readPoints(database, place, { from: range.from, to: start - 1 }),
    ...inner,
    ...readPoints(database, place, { from: end + 1, to: range.to }),
  ];
}

interface BlockPlace extends SeriesPlace {
  readonly size: number;
}

/** The whole blocks of a range: how many there are, and where the first and the last begin. */
function innerBlocks(
  database: Database,
  { runId, keyId, size }: BlockPlace,
  { from, to }: StepRange,
): StepRange & { readonly size: number; readonly count: number } {
  const [count, first, last] = database.get(
    `SELECT count(*), min(first_step), max(first_step) FROM blocks
     WHERE run_id = ? AND key_id = ? AND size = ? AND first_step >= ? AND first_step <= ? AND last_step <= ?`,
    runId,
    keyId,
    size,
    from,
    to,
    to,
  )!;
  return { size, count: Number(count), from: Number(first), to: Number(last) };
}

function readPoints(
  database: Database,
  { runId, keyId }: SeriesPlace,
  { from, to }: StepRange,
): Piece[] {
  const [steps, values] = columnsOf(
    database.get(
      `SELECT group_concat(step), group_concat(printf('%!.17g', value)) FROM (
         SELECT step, value FROM points
         WHERE run_id = ? AND key_id = ? AND step >= ? AND step <= ? AND value IS NOT NULL ORDER BY step)`,
      runId,
      keyId,
      from,
      to,
    )!,
  );
  return steps!.map((step, i) => {
    const value = values![i]!;
    return {
      firstStep: step,
      lastStep: step,
      count: 1,
      lowest: value,
      highest: value,
      mean: value,
    };
  });
}

function readBlocks(
  database: Database,
  { runId, keyId, size }: BlockPlace,
  { from, to }: StepRange,
): Piece[] {
  const [first, last, lowest, highest, means] = columnsOf(
    database.get(
      `SELECT group_concat(first_step), group_concat(last_step), group_concat(printf('%!.17g', lowest)),
         group_concat(printf('%!.17g', highest)), group_concat(printf('%!.17g', mean)) FROM (
         SELECT * FROM blocks WHERE run_id = ? AND key_id = ? AND size = ? AND first_step >= ? AND first_step <= ?
         ORDER BY first_step)`,
      runId,
      keyId,
      size,
      from,
      to,
    )!,
  );
  return first!.map((firstStep, i) => ({
    firstStep,
    lastStep: last![i]!,
    count: size,
    lowest: lowest![i]!,
    highest: highest![i]!,
    mean: means![i]!,
  }));
}

const columnsOf = (row: readonly (string | number | null)[]): number[][] =>
  row.map((text) => JSON.parse(`[${text ?? ''}]`) as number[]);
