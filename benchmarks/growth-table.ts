// The growth table: which cells there are, and how they read as Markdown. No clock, no process.
import { cacheBytes, operations, trainingProducts } from './floor.ts';
import { type Shape, shapeOfWidth } from './shapes.ts';
import type { Spread } from './table.ts';

export type CellKind = 'sampling' | 'training';

/** One place of the table. */
export interface Cell {
  readonly kind: CellKind;
  readonly width: number;
  readonly rows: number;
  /** Tokens in the cache while sampling; tokens of each row in a training step. */
  readonly length: number;
}

/** What was measured in a cell, or why it was not. */
export interface CellResult extends Cell {
  readonly tokensPerSecond?: Spread;
  readonly floorShare?: number;
  readonly left?: string;
  readonly threads?: number;
  readonly others?: number;
  readonly measuredAt: string;
  readonly revision: string;
}

export const widths = [128, 256, 512, 1024];
export const rowCounts = [1, 8, 32, 128, 256];
export const lengths = [64, 256, 1024];

const MOST_OPERATIONS = 3e12;
const MOST_TOKENS = 8192;

/** A cell reaching less than this of a smaller neighbour's share of the floor is a cliff. */
const CLIFF = 0.6;

/** Every cell, cheap ones first, so that a short run sees every axis. */
export function allCells(): Cell[] {
  const kinds: CellKind[] = ['sampling', 'training'];
  return kinds.flatMap((kind) =>
    widths.flatMap((width) =>
      lengths.flatMap((length) => rowCounts.map((rows) => ({ kind, width, rows, length }))),
    ),
  );
}

export const cellKey = ({ kind, width, rows, length }: Cell): string =>
  [kind, width, rows, length].join(' ');

/** The model and the training batch of a cell. */
export const shapeOf = ({ width, rows, length }: Cell): Shape => ({
  ...shapeOfWidth(width),
  trainRows: rows,
  trainTokens: length,
});

/** Why a cell is left out; empty for one that is measured. */
export function reasonToLeave(cell: Cell, freeBytes: number): string {
  const shape = shapeOf(cell);
  if (cell.kind === 'sampling') {
    const bytes = cacheBytes(shape, cell.rows, cell.length);
    return bytes > 0.4 * freeBytes ? `cache of ${(bytes / 1e9).toFixed(1)} GB` : '';
  }
  if (cell.rows * cell.length > MOST_TOKENS) return `${cell.rows * cell.length} tokens a step`;
  const work = operations(trainingProducts(shape));
  return work > MOST_OPERATIONS ? `${(work / 1e12).toFixed(1)} TFLOP a step` : '';
}

/** The cells next to one that are smaller along one axis. */
function smallerNeighbours(cell: Cell): Cell[] {
  const before = (values: readonly number[], value: number) => values[values.indexOf(value) - 1];
  const width = before(widths, cell.width);
  const rows = before(rowCounts, cell.rows);
  const length = before(lengths, cell.length);
  return [
    width === undefined ? [] : { ...cell, width },
    rows === undefined ? [] : { ...cell, rows },
    length === undefined ? [] : { ...cell, length },
  ].flat();
}

/** Cells that do much worse against their floor than a smaller neighbour does. */
export function cliffs(results: readonly CellResult[]): CellResult[] {
  const shares = new Map(results.map((result) => [cellKey(result), result.floorShare]));
  return results.filter(({ floorShare, ...cell }) => {
    if (floorShare === undefined) return false;
    const best = Math.max(
      0,
      ...smallerNeighbours(cell).map((one) => shares.get(cellKey(one)) ?? 0),
    );
    return floorShare < CLIFF * best;
  });
}

function text(result: CellResult | undefined, isCliff: boolean): string {
  if (result === undefined) return '';
  const { tokensPerSecond, floorShare, left } = result;
  if (tokensPerSecond === undefined) return `(${left})`;
  const rate = Math.round(tokensPerSecond.median).toLocaleString('en');
  return `${rate} (${((floorShare ?? 0) * 100).toFixed(0)}%)${isCliff ? ' ▼' : ''}`;
}

/** One table of tokens per second and share of the floor: a line for each width and number of rows. */
export function growthTable(kind: CellKind, results: readonly CellResult[]): string {
  const byKey = new Map(results.map((result) => [cellKey(result), result]));
  const falling = new Set(cliffs(results).map(cellKey));
  const lines = widths.flatMap((width) =>
    rowCounts.map((rows) => {
      const cells = lengths.map((length) => {
        const key = cellKey({ kind, width, rows, length });
        return text(byKey.get(key), falling.has(key));
      });
      return `| ${[width, rows, ...cells].join(' | ')} |`;
    }),
  );
  const head = `| width | rows | ${lengths.map((length) => `${length} tokens`).join(' | ')} |`;
  return [head, `|${' --- |'.repeat(2 + lengths.length)}`, ...lines].join('\n');
}
