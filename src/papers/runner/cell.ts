/** What JSON holds. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** One piece of a study that is computed as a whole or not at all: an arm on a task with a seed. */
export interface CellPlan {
  readonly task: string;
  readonly arm: string;
  readonly seed: number;
  /** Everything besides the seed that decides what the cell finds; another value means another cell. */
  readonly settings: Json;
  /** Names of cells that come first, since this one reads their files. */
  readonly needs: readonly string[];
  /** Whether others read its files, so that it is run again where they are gone. */
  readonly keepsFiles: boolean;
}

/** A cell that has been computed, as its file holds it. */
export interface CellRecord {
  readonly task: string;
  readonly arm: string;
  readonly seed: number;
  /** See `cellKey`. */
  readonly key: string;
  readonly settings: Json;
  /** ISO 8601. */
  readonly finishedAt: string;
  /** Wall-clock time it took. */
  readonly seconds: number;
  readonly laurelVersion: string;
  /** What decides the bits of the result besides seed and settings. */
  readonly fingerprint: Readonly<Record<string, string | number>>;
  readonly result: Json;
}

/** `generated/dpo-0.1/seed-0`: what people call a cell, and where its file lies. */
export const cellName = ({ task, arm, seed }: Pick<CellPlan, 'task' | 'arm' | 'seed'>): string =>
  `${task}/${arm}/seed-${seed}`;
