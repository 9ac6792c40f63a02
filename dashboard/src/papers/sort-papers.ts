import type { PaperView } from '../../../src/server/api.ts';

export const orders = [
  ['newest', 'Newest'],
  ['trending', 'Trending'],
] as const;

export type PaperOrder = (typeof orders)[number][0];

/** The order that an address asks for. */
export const orderOf = (text: string | null): PaperOrder =>
  text === 'trending' ? 'trending' : 'newest';

/**
 * Newest first as they come, or by what happens here: runs within the last week, then the last run of all; papers without
 * runs stay by date.
 */
export function sortPapers(papers: readonly PaperView[], order: PaperOrder): readonly PaperView[] {
  if (order === 'newest') return papers;
  return [...papers].sort(
    (left, right) =>
      right.activity.recent - left.activity.recent ||
      (right.activity.lastAt ?? '').localeCompare(left.activity.lastAt ?? '') ||
      right.date.localeCompare(left.date),
  );
}
