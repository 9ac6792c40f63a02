import type { CellPlan } from './cell.ts';
import type { CellOutcome } from './run-cells.ts';

/** What a cell's process is asked. */
export interface CellRequest {
  /** The study's paper. */
  readonly paper: string;
  readonly cell: CellPlan;
  readonly folder: string;
  readonly neededFolders: readonly (readonly [name: string, folder: string])[];
  readonly data: string | null;
}

/** What it answers. */
export type CellAnswer =
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'done'; readonly outcome: CellOutcome }
  | { readonly type: 'failed'; readonly message: string };
