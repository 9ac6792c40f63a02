import type { Finding } from './finding.ts';

/** What a file says of an item. */
export interface ItemText {
  readonly title: string | undefined;
  readonly text: string | undefined;
}

/** Items of a file by key, in its order. */
export interface ItemTable {
  readonly items: ReadonlyMap<string, ItemText>;
  readonly findings: readonly Finding[];
}

/** Semantic ids of a file by item, in its order. */
export interface SemanticIdTable {
  readonly ids: ReadonlyMap<string, readonly string[]>;
  readonly findings: readonly Finding[];
}
