import type { RecommendationData } from './types.ts';

/** The size of a data set. */
export interface DataCounts {
  readonly users: number;
  readonly items: number;
  /** Items of the sequences of train, and targets of valid and test. */
  readonly events: number;
  /** Share of the pairs of a user and an item that no event has: 1 − events / (users · items). */
  readonly sparsity: number;
  readonly train: { readonly sequences: number; readonly targets: number };
  readonly valid: number;
  readonly test: number;
}

/** Counts users, items, events and questions. */
export function countData({ items, train, valid, test }: RecommendationData): DataCounts {
  const users = new Set([...train, ...valid, ...test].map(({ user }) => user)).size;
  const learned = train.reduce((sum, { items: taken }) => sum + taken.length, 0);
  const targets = train.reduce((sum, each) => sum + each.items.length - each.firstTarget, 0);
  const events = learned + valid.length + test.length;
  return {
    users,
    items: items.length,
    events,
    sparsity: 1 - events / (users * items.length),
    train: { sequences: train.length, targets },
    valid: valid.length,
    test: test.length,
  };
}
