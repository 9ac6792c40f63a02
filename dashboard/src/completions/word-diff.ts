import { diffWordsWithSpace } from 'diff';

/** A stretch of text that both versions have, or one of them. */
export interface DiffPart {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

/** What changed from one text to another, word by word. */
export function wordDiff(before: string, after: string): readonly DiffPart[] {
  return diffWordsWithSpace(before, after).map(({ added, removed, value }) => ({
    kind: added ? 'added' : removed ? 'removed' : 'same',
    text: value,
  }));
}

/** The share of words that both versions have, in [0, 1]; 1 for two empty texts. */
export function sharedWords(parts: readonly DiffPart[]): number {
  const count = (kinds: readonly DiffPart['kind'][]) =>
    parts
      .filter(({ kind }) => kinds.includes(kind))
      .reduce((sum, { text }) => sum + text.split(/\s+/).filter(Boolean).length, 0);
  const all = 2 * count(['same']) + count(['added', 'removed']);
  return all === 0 ? 1 : (2 * count(['same'])) / all;
}
