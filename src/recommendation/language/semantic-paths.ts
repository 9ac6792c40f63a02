import { TokenTrie } from '../../rollouts/index.ts';

/** Each path up to its last choice: the shortest beginning that no other path has, so that none begins another. */
export function decidingPaths<Path extends readonly number[] | undefined>(
  paths: readonly Path[],
): (Path | number[])[] {
  const trie = TokenTrie.of(paths.filter((path) => path !== undefined));
  return paths.map((path) => {
    if (path === undefined) return path;
    let [node, deciding]: [number, number] = [trie.start, 1];
    for (const [t, token] of path.entries()) {
      const set = trie.allowed(node);
      if (set.length > 1) deciding = t + 1;
      node = trie.follow(node, set.indexOf(token));
    }
    return path.slice(0, deciding);
  });
}

/** The end of an id that begins a longer one, among its words. */
export const END = Symbol('end');

export type Word = string | typeof END;

const escaped = (word: Word): string => (word === END ? '\\.' : word.replaceAll(/[\\/]/g, '\\$&'));

/** A name that no other sequence of words has. */
const nameOf = (words: readonly Word[]): string => words.map(escaped).join('/');

/** A path as words, one for each of its beginnings: a, a/b, a/b/c. */
export const beginningsOf = (words: readonly Word[]): string[] =>
  words.map((_, t) => nameOf(words.slice(0, t + 1)));

/** Words by the first place they occur at, then by the number in them, so that ids do not depend on the order of items. */
export function orderedWords(paths: readonly (readonly Word[] | undefined)[]): string[] {
  const places = new Map<string, number>();
  for (const path of paths)
    for (const [place, word] of path?.entries() ?? [])
      if (word !== END) places.set(word, Math.min(place, places.get(word) ?? place));
  const collator = new Intl.Collator('en', { numeric: true });
  return [...places.keys()].sort(
    (a, b) => places.get(a)! - places.get(b)! || collator.compare(a, b) || (a < b ? -1 : 1),
  );
}
